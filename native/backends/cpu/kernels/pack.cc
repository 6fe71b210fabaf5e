#include "backends/cpu/kernels/pack.h"

#include "simd/gemm.h"

namespace nd::cpu {

namespace {

// Tiles are panels.
class Pack final : public Kernel {
 public:
  Pack(Slot in, Slot out, const PanelForm& form) : Kernel({in, out}), form_(form) {
    tiles = (form.n + simd::gemm_panel() - 1) / simd::gemm_panel();
    work = 0.5 * static_cast<double>(form.k * form.n);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    simd::pack_b(at[0], form_.row, form_.column, form_.k, form_.n, begin, end, at[1]);
  }

 private:
  PanelForm form_;
};

class Unpack final : public Kernel {
 public:
  Unpack(Slot in, Slot out, const ParameterEntry& entry)
      : Kernel({in, out}), form_(entry.form()), panel_(entry.panel) {
    work = static_cast<double>(entry.size);
  }
  void run(int64_t, int64_t, const RunContext&) const override {
    unpack_panels(at[0], form_, panel_, at[1]);
  }

 private:
  PanelForm form_;
  int64_t panel_;
};

}  // namespace

std::unique_ptr<Kernel> make_pack(Slot in, Slot out, const PanelForm& form) {
  return std::make_unique<Pack>(in, out, form);
}

std::unique_ptr<Kernel> make_unpack(Slot in, Slot out, const ParameterEntry& entry) {
  return std::make_unique<Unpack>(in, out, entry);
}

}  // namespace nd::cpu

// batch_matmul: one tile per pair of matrices; the right-hand one is packed into scratch, unless
// the product rounds it on the way.
#include <algorithm>

#include "backends/cpu/kernels/product.h"
#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "simd/gemm.h"

namespace nd::cpu {

namespace {

class BatchGemm final : public Kernel {
 public:
  BatchGemm(Slot a, Slot b, Slot c, int64_t count, int64_t m, int64_t n, int64_t k, bool trans_a,
            bool trans_b, Precision precision)
      : Kernel({a, b, c}),
        a_size_(m * k),
        b_size_(k * n),
        c_size_(m * n),
        packs_(!Product::rounds(m, n, k, precision)),
        b_form_{k, n, trans_b ? 1 : n, trans_b ? k : 1},
        product_({.a = nullptr,
                  .a_row = trans_a ? 1 : k,
                  .a_col = trans_a ? m : 1,
                  .b = nullptr,
                  .b_transposed = !packs_ && trans_b,
                  .b_row = packs_    ? 0
                           : trans_b ? k
                                     : n,
                  .c = nullptr,
                  .ldc = n,
                  .c_panel = simd::gemm_panel(),
                  .m = m,
                  .n = n,
                  .k = k,
                  .accumulate = false,
                  .epilogue = {}},
                 precision) {
    tiles = count;
    packed_ = packs_ ? (simd::packed_b_floats(k, n) + 15) / 16 * 16 : 0;
    scratch_floats = packed_ + product_.scratch_floats();
    work = static_cast<double>(count) *
           (product_.work() + (packs_ ? 0.5 * static_cast<double>(k * n) : 0));
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    const auto& [k, n, row, column] = b_form_;
    const int64_t panels = (n + simd::gemm_panel() - 1) / simd::gemm_panel();
    for (int64_t item = begin; item < end; ++item) {
      const float* b = at[1] + item * b_size_;
      if (packs_) simd::pack_b(b, row, column, k, n, 0, panels, context.scratch);
      product_.run(at[0] + item * a_size_, packs_ ? context.scratch : b, at[2] + item * c_size_, {},
                   0, product_.tiles(), context.scratch + packed_);
    }
  }

 private:
  int64_t a_size_, b_size_, c_size_, packed_ = 0;
  bool packs_;
  PanelForm b_form_;
  Product product_;
};

void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const bool trans_a = node.attrs.ints[0] != 0, trans_b = node.attrs.ints[1] != 0;
  const std::vector<int64_t> a = l.dims(node.inputs[0]), c = l.dims(id);
  const int64_t m = c[c.size() - 2], n = c.back(), k = a[trans_a ? a.size() - 2 : a.size() - 1];
  l.emit(std::make_unique<BatchGemm>(l.slot(node.inputs[0]), l.slot(node.inputs[1]), l.slot(id),
                                     l.elements(id) / std::max<int64_t>(m * n, 1), m, n, k, trans_a,
                                     trans_b, l.precision()));
}

}  // namespace

std::span<const LoweringRule> batch_matmul_rules() {
  static const LoweringRule kRules[] = {{.op = &kBatchMatMul, .lower = lower}};
  return kRules;
}

}  // namespace nd::cpu

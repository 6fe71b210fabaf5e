// batch_matmul: one tile per pair of matrices; the right-hand one is packed into scratch.
#include <algorithm>

#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "simd/gemm.h"

namespace nd::cpu {

namespace {

class BatchGemm final : public Kernel {
 public:
  BatchGemm(Slot a, Slot b, Slot c, int64_t count, int64_t m, int64_t n, int64_t k, bool trans_a,
            bool trans_b)
      : Kernel({a, b, c}),
        m_(m),
        n_(n),
        k_(k),
        a_row_(trans_a ? 1 : k),
        a_col_(trans_a ? m : 1),
        b_row_(trans_b ? 1 : n),
        b_col_(trans_b ? k : 1) {
    tiles = count;
    packed_ = (simd::packed_b_floats(k, n) + 15) / 16 * 16;
    scratch_floats = packed_ + simd::gemm_scratch_floats(m, n, k, trans_a, false);
    work = static_cast<double>(count) *
           (0.015 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) +
            0.5 * static_cast<double>(k * n));
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    const int64_t panels = (n_ + simd::gemm_panel() - 1) / simd::gemm_panel();
    for (int64_t item = begin; item < end; ++item) {
      simd::pack_b(at[1] + item * k_ * n_, b_row_, b_col_, k_, n_, 0, panels, context.scratch);
      const simd::Gemm gemm{.a = at[0] + item * m_ * k_,
                            .a_row = a_row_,
                            .a_col = a_col_,
                            .b = context.scratch,
                            .b_transposed = false,
                            .c = at[2] + item * m_ * n_,
                            .ldc = n_,
                            .c_panel = simd::gemm_panel(),
                            .m = m_,
                            .n = n_,
                            .k = k_,
                            .accumulate = false,
                            .epilogue = {}};
      simd::gemm_run(gemm, 0, simd::gemm_tiles(m_, n_, k_), context.scratch + packed_);
    }
  }

 private:
  int64_t m_, n_, k_, a_row_, a_col_, b_row_, b_col_, packed_ = 0;
};

void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const bool trans_a = node.attrs.ints[0] != 0, trans_b = node.attrs.ints[1] != 0;
  const std::vector<int64_t> a = l.dims(node.inputs[0]), c = l.dims(id);
  const int64_t m = c[c.size() - 2], n = c.back(), k = a[trans_a ? a.size() - 2 : a.size() - 1];
  l.emit(std::make_unique<BatchGemm>(l.slot(node.inputs[0]), l.slot(node.inputs[1]), l.slot(id),
                                     l.elements(id) / std::max<int64_t>(m * n, 1), m, n, k, trans_a,
                                     trans_b));
}

}  // namespace

std::span<const LoweringRule> batch_matmul_rules() {
  static const LoweringRule kRules[] = {{.op = &kBatchMatMul, .lower = lower}};
  return kRules;
}

}  // namespace nd::cpu

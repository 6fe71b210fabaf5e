// matmul: a packed GEMM. Weights are packed in the plan's prologue and keep that form until they
// change; the right-hand activation of a weight gradient is packed in every run.
#include "simd/gemm.h"

#include "backends/cpu/lowering.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

// B(k, j) = b[k·row + j·column]; tiles are panels.
class Pack final : public Kernel {
 public:
  Pack(Slot in, Slot out, int64_t row, int64_t column, int64_t k, int64_t n)
      : Kernel({in, out}), row_(row), column_(column), k_(k), n_(n) {
    tiles = (n + simd::gemm_panel() - 1) / simd::gemm_panel();
    work = 0.5 * static_cast<double>(k * n);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    simd::pack_b(at[0], row_, column_, k_, n_, begin, end, at[1]);
  }

 private:
  int64_t row_, column_, k_, n_;
};

class Gemm final : public Kernel {
 public:
  Gemm(Slot a, Slot packed, Slot c, int64_t a_row, int64_t a_col, int64_t m, int64_t n, int64_t k)
      : Kernel({a, packed, c}), a_row_(a_row), a_col_(a_col), m_(m), n_(n), k_(k) {
    tiles = simd::gemm_tiles(m, n, k);
    work = 0.015 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    scratch_floats = simd::gemm_scratch_floats(m, n, k, a_row == 1 && a_col != 1, false);
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    const simd::Gemm gemm{.a = at[0],
                          .a_row = a_row_,
                          .a_col = a_col_,
                          .b = at[1],
                          .b_transposed = false,
                          .c = at[2],
                          .ldc = n_,
                          .c_panel = simd::gemm_panel(),
                          .m = m_,
                          .n = n_,
                          .k = k_,
                          .accumulate = false,
                          .epilogue = {}};
    simd::gemm_run(gemm, begin, end, context.scratch);
  }

 private:
  int64_t a_row_, a_col_, m_, n_, k_;
};

// The product as GEMM sizes and strides.
struct Form {
  int64_t m, n, k, a_row, a_col, b_row, b_col;
};

Form form_of(const Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const bool trans_a = node.attrs.ints[0] != 0, trans_b = node.attrs.ints[1] != 0;
  const int64_t cols_a = l.dims(node.inputs[0]).back(), cols_b = l.dims(node.inputs[1]).back();
  const int64_t rows_a = l.elements(node.inputs[0]) / cols_a;
  Form f{};
  f.m = trans_a ? cols_a : rows_a;
  f.k = trans_a ? rows_a : cols_a;
  f.n = l.dims(id).back();
  f.a_row = trans_a ? 1 : cols_a;
  f.a_col = trans_a ? cols_a : 1;
  f.b_row = trans_b ? 1 : cols_b;
  f.b_col = trans_b ? cols_b : 1;
  return f;
}

int64_t workspace(const Lowering& l, NodeId id) {
  if (l.is_weight(l.graph().node(id).inputs[1])) return 0;
  const Form f = form_of(l, id);
  return simd::packed_b_floats(f.k, f.n);
}

void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const NodeId b = node.inputs[1];
  const Form f = form_of(l, id);
  Slot packed = l.workspace();
  if (l.is_weight(b)) {
    bool is_new = false;
    packed = l.reserve_packed(b, node.attrs.ints[1] != 0 ? 1 : 0, simd::packed_b_floats(f.k, f.n),
                              is_new);
    if (is_new)
      l.emit_prologue(std::make_unique<Pack>(l.slot(b), packed, f.b_row, f.b_col, f.k, f.n));
  } else {
    l.emit(std::make_unique<Pack>(l.slot(b), packed, f.b_row, f.b_col, f.k, f.n));
  }
  l.emit(std::make_unique<Gemm>(l.slot(node.inputs[0]), packed, l.slot(id), f.a_row, f.a_col, f.m,
                                f.n, f.k));
}

}  // namespace

std::span<const LoweringRule> matmul_rules() {
  static const LoweringRule kRules[] = {{.op = &kMatMul, .lower = lower, .workspace = workspace}};
  return kRules;
}

}  // namespace nd::cpu

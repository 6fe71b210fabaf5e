// matmul: a packed GEMM. A packed parameter is read where it lies, its gradient is written in the
// same panels; constants are packed when the plan is made, other static operands in its prologue.
// Activations (the right operand of a weight gradient) are copied block by block as the product
// needs them, or packed in every run if their transpose is used. Rounded products
// (kernels/product.h) do that with every operand.
#include "simd/gemm.h"

#include <array>
#include <vector>

#include "backends/cpu/kernels/elementwise.h"
#include "backends/cpu/kernels/pack.h"
#include "backends/cpu/kernels/product.h"
#include "backends/cpu/lowering.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

// The product as sizes and strides of a GEMM; element (i, j) of an operand lies at i*row + j*col.
struct Form {
  NodeId a, b;
  bool trans_b;
  int64_t m, n, k, a_row, a_col, b_row, b_col;
  bool panels;  ///< C is a packed gradient
};

Form form_of(const Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const bool trans_a = node.attrs.ints[0] != 0;
  const ParameterEntry* gradient = l.packed_gradient(id);
  Form f{};
  f.a = node.inputs[0];
  f.b = node.inputs[1];
  f.trans_b = node.attrs.ints[1] != 0;
  f.panels = gradient != nullptr;
  // The panels of [out, in] are those of the transposed matrix: Cᵀ = Bᵀ·A for C = Aᵀ·B.
  if (f.panels && gradient->layout == Layout::matmul) std::swap(f.a, f.b);
  const int64_t cols_a = l.dims(f.a).back(), cols_b = l.dims(f.b).back();
  const int64_t rows_a = l.elements(f.a) / cols_a, rows_b = l.elements(f.b) / cols_b;
  f.m = trans_a ? cols_a : rows_a;
  f.k = trans_a ? rows_a : cols_a;
  f.n = f.trans_b ? rows_b : cols_b;
  f.a_row = trans_a ? 1 : cols_a;
  f.a_col = trans_a ? cols_a : 1;
  f.b_row = f.trans_b ? 1 : cols_b;
  f.b_col = f.trans_b ? cols_b : 1;
  return f;
}

// The right operand: where it lies and how, as in simd::Gemm.
struct Right {
  Slot slot;
  bool transposed = false;
  int64_t row = 0;
};

class Gemm : public Kernel {
 public:
  Gemm(Slot a, const Right& b, Slot c, const Form& f, Precision precision)
      : Kernel({a, b.slot, c}) {
    const int64_t panel = simd::gemm_panel();
    product_ = Product({.a = nullptr,
                        .a_row = f.a_row,
                        .a_col = f.a_col,
                        .b = nullptr,
                        .b_transposed = b.transposed,
                        .b_row = b.row,
                        .c = nullptr,
                        .ldc = f.panels ? panel : f.n,
                        .c_panel = f.panels ? f.m * panel : panel,
                        .m = f.m,
                        .n = f.n,
                        .k = f.k,
                        .accumulate = false,
                        .epilogue = {}},
                       precision);
    tiles = product_.tiles();
    work = product_.work();
    scratch_floats = product_.scratch_floats();
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    multiply(begin, end, context, {});
  }

 protected:
  void multiply(int64_t begin, int64_t end, const RunContext& context,
                simd::GemmEpilogue epilogue) const {
    product_.run(at[0], at[1], at[2], epilogue, begin, end, context.scratch);
  }
  int64_t columns() const { return product_.columns(); }

 private:
  Product product_;
};

// A product and the elementwise program that every finished part of it goes through; operand 0 of
// the program is that part.
class FusedGemm final : public Gemm {
 public:
  /// `first`: number of C's first element for dropout.
  FusedGemm(Slot a, const Right& b, Slot c, const Form& f, Precision precision,
            simd::Program program, int64_t first)
      : Gemm(a, b, c, f, precision),
        program_(std::move(program)),
        operands_{{nullptr, f.n, 1}},
        first_(first) {
    work += nanoseconds_of(program_) * static_cast<double>(f.m * f.n);
  }
  void add_operand(Slot slot, int64_t row_stride, int step) {
    slots.push_back(slot);
    at.push_back(nullptr);
    operands_.push_back({nullptr, row_stride, step});
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    const Call call{this, &context};
    multiply(begin, end, context, {finish, &call});
  }

 private:
  struct Call {
    const FusedGemm* kernel;
    const RunContext* context;
  };
  static void finish(const void* opaque, int64_t row, int64_t rows, int64_t column,
                     int64_t columns) {
    const auto& [kernel, context] = *static_cast<const Call*>(opaque);
    std::array<simd::ProgramOperand, simd::kProgramOperands> in;
    for (size_t k = 0; k < kernel->operands_.size(); ++k) {
      const simd::ProgramOperand& operand = kernel->operands_[k];
      in[k] = operand;
      in[k].at = kernel->at[k + 2] + row * operand.row_stride + column * operand.step;
    }
    const int64_t stride = kernel->columns(), position = row * stride + column;
    simd::run_program(kernel->program_, {.in = in.data(),
                                         .out = kernel->at[2] + position,
                                         .out_stride = stride,
                                         .rows = rows,
                                         .columns = columns,
                                         .first = kernel->first_ + position,
                                         .index_stride = stride,
                                         .seed = context->seed,
                                         .step = context->step});
  }

  simd::Program program_;
  std::vector<simd::ProgramOperand> operands_;  // resolved in every call
  int64_t first_;
};

// Whether the right operand is packed in every run. Rounding reads any order as it is.
bool packs(const Lowering& l, const Form& f) {
  return !l.is_static(f.b) && f.b_col != 1 && !Product::rounds(f.m, f.n, f.k, l.precision());
}

int64_t workspace(const Lowering& l, NodeId id) {
  const Form f = form_of(l, id);
  return packs(l, f) ? simd::packed_b_floats(f.k, f.n) : 0;
}

// The panels of a static operand that is no packed parameter.
Slot static_panels(Lowering& l, const Form& f) {
  const PanelForm form{f.k, f.n, f.b_row, f.b_col};
  const int64_t floats = simd::packed_b_floats(f.k, f.n);
  return l.packed_operand(f.b, f.trans_b ? 1 : 0, [&] {
    const Node& node = l.graph().node(f.b);
    if (node.kind == NodeKind::constant) {
      const std::vector<float> values(node.constant.begin(), node.constant.end());
      std::vector<float> packed(static_cast<size_t>(floats));
      simd::pack_b(values.data(), f.b_row, f.b_col, f.k, f.n, 0,
                   (f.n + simd::gemm_panel() - 1) / simd::gemm_panel(), packed.data());
      return l.add_constant(packed);
    }
    const Slot slot = l.reserve(floats);
    l.emit_prologue(make_pack(l.slot(f.b), slot, form));
    return slot;
  });
}

void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const Form f = form_of(l, id);
  Right b{l.workspace()};
  if (const ParameterEntry* entry = l.packed_parameter(f.b)) {
    b.slot = {Slot::Base::parameters, entry->offset};
    b.transposed = (entry->layout == Layout::matmul) != f.trans_b;
  } else if (l.is_static(f.b)) {
    b.slot = static_panels(l, f);
  } else if (packs(l, f)) {
    l.emit(make_pack(l.slot(f.b), b.slot, {f.k, f.n, f.b_row, f.b_col}));
  } else {
    b = {l.slot(f.b), f.b_col != 1, f.b_col != 1 ? f.b_col : f.b_row};
  }
  if (node.op == &kMatMul) {
    l.emit(std::make_unique<Gemm>(l.slot(f.a), b, l.slot(id), f, l.precision()));
    return;
  }
  auto kernel = std::make_unique<FusedGemm>(
      l.slot(f.a), b, l.slot(id), f, l.precision(),
      program_of(decode_fused(node.attrs, 2).steps, node.inputs.size() - 1),
      node.shape.elements(1) * l.first_window());
  for (size_t k = 2; k < node.inputs.size(); ++k) {
    const NodeId operand = node.inputs[k];
    const int64_t elements = l.elements(operand);
    const bool full = elements == f.m * f.n,
               row = !full && !l.graph().node(operand).shape.is_batched() && elements == f.n,
               column = !full && !row && elements > 1;
    kernel->add_operand(l.slot(operand), full ? f.n : column ? 1 : 0, full || row ? 1 : 0);
  }
  l.emit(std::move(kernel));
}

// Aᵀ·B, as every weight gradient is.
bool writes_panels(const Node& node) { return node.attrs.ints[0] != 0; }

}  // namespace

std::span<const LoweringRule> matmul_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kMatMul, .lower = lower, .workspace = workspace, .writes_panels = writes_panels},
      {.op = &kMatMulFused, .lower = lower, .workspace = workspace}};
  return kRules;
}

}  // namespace nd::cpu

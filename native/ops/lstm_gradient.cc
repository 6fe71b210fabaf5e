#include "base/error.h"
#include "ops/lstm.h"
#include "ops/rules.h"

namespace nd {

/// Backpropagation through time of an LSTM layer. Operands: its result with the gates kept, w_hh,
/// w_hr if projected, c0 with a state, d loss / d h [B, T, P], and d loss / d c [B, T, U] where
/// has_dc; ints: LstmForm. The result's last axis: LstmForm::gradient_width. Derivatives by weights
/// and biases are products and sums over it.
constinit const OpDef kLstmGradient = {
    .name = "lstm_gradient",
    .arity = -1,
    .shape =
        [](const ShapeArgs& a) {
          const LstmForm f = LstmForm::of(a.attrs);
          const Shape& out = a.inputs[0];
          check_internal(f.keeps_gates && out.dims.size() == 2 && out.dims[1] == f.width() &&
                             a.inputs.size() == size_t{3} + f.projected + f.has_state + f.has_dc,
                         "lstm_gradient: operands as its form says");
          return Shape::batched({out.dims[0], f.gradient_width()}, out.batch);
        },
    .gradient = nullptr,
    .no_gradient = "training needs first derivatives only",
    .cost =
        [](const CostArgs& c) {
          const LstmForm f = LstmForm::of(c.attrs);
          const double steps =
              static_cast<double>(c.output.elements(c.windows) / c.output.dims.back());
          return Cost{2.0 * steps * static_cast<double>(f.outputs) *
                      static_cast<double>(4 * f.units + (f.projected ? f.units : 0))};
        },
};

}  // namespace nd

// The Box-Cox transformation (Box and Cox, J. R. Stat. Soc. B 26, 1964) with λ of largest
// likelihood.
#pragma once

#include <span>

namespace nd::data {

/// (x^λ - 1) / λ, log x for λ = 0; x > 0.
double boxcox(double lambda, double x);
/// Its inverse; continued beyond its range as an odd function, as in the reference.
double inverse_boxcox(double lambda, double z);
/// λ in [0, 2] with the largest profile likelihood of positive values, found by Brent's method to
/// about 1e-4. With `single_precision` in float32, to about 0.02, as in the reference.
double boxcox_lambda(std::span<const double> values, bool single_precision = false);

}  // namespace nd::data

// Elementwise kernels over contiguous floats: the bodies of unary and binary ops, selection and
// dropout. All of them may run in place, take any length and any alignment, and write nothing
// outside [0, n).
#pragma once

#include <cstdint>

#include "base/philox.h"

namespace nd::simd {

/// Largest error in ULP, measured over all floats in the worst target: see elementwise.cc.
/// sign(NaN) is 0, as in torch; every other function propagates NaN.
enum class UnaryOp : uint8_t { neg, abs, sign, exp, log, sqrt, tanh, sigmoid, relu, softplus };
/// maximum and minimum give `a` at equality and NaN when either side is NaN; greater gives 1 or 0.
enum class BinaryOp : uint8_t { add, sub, mul, div, maximum, minimum, greater };

/// y[i] = op(x[i]).
void unary(UnaryOp op, const float* x, float* y, int64_t n);
/// y[i] = op(a[i*a_step], b[i*b_step]); a step is 0 (scalar) or 1.
void binary(BinaryOp op, const float* a, int a_step, const float* b, int b_step, float* y,
            int64_t n);
/// y[i] = c[i*c_step] != 0 ? a[i*a_step] : b[i*b_step]; a step is 0 or 1.
void select(const float* c, int c_step, const float* a, int a_step, const float* b, int b_step,
            float* y, int64_t n);
/// y[i] = value.
void fill(float* y, float value, int64_t n);
/// y[i] = x[i] * (philox_uniform(key, first + i) < 1-p ? 1/(1-p) : 0), bit for bit; 0 <= p <= 1.
void dropout(const PhiloxKey& key, float p, const float* x, float* y, int64_t first, int64_t n);
/// y[i] += x[i].
void add_into(float* y, const float* x, int64_t n);

}  // namespace nd::simd

// The vocabulary in which models, losses and gradients are written. Axes count from 0 with the
// batch axis first
// ([B, L]: axis 1 is L). Operands broadcast trailing-aligned, as in NumPy. Legend: B windows, L
// input length, H horizon, Q outputs per step.
#pragma once

#include <vector>

#include "ops/graph.h"

namespace nd {

// ---- elementwise
// ---------------------------------------------------------------------------------------------
Var add(Var a, Var b);
Var sub(Var a, Var b);
Var mul(Var a, Var b);
Var div(Var a, Var b);
Var maximum(Var a, Var b);  ///< gradient goes to the larger operand, to `a` at equality
Var minimum(Var a, Var b);  ///< gradient goes to the smaller operand, to `a` at equality
Var greater(Var a, Var b);  ///< 1 where a > b, else 0; no gradient
/// `a` where condition ≠ 0, else `b`; the branch not taken passes neither its value nor a gradient,
/// even NaN.
Var where(Var condition, Var a, Var b);
Var neg(Var x);
Var abs(Var x);   ///< gradient 0 at 0
Var sign(Var x);  ///< -1, 0, 1; no gradient
Var exp(Var x);
Var log(Var x);
Var sqrt(Var x);
Var tanh(Var x);
Var sigmoid(Var x);
Var relu(Var x);      ///< gradient 0 at 0
Var softplus(Var x);  ///< log(1 + e^x), no overflow
Var gelu(Var x);      ///< x·Φ(x), exact
inline Var operator+(Var a, Var b) { return add(a, b); }
inline Var operator-(Var a, Var b) { return sub(a, b); }
inline Var operator*(Var a, Var b) { return mul(a, b); }
inline Var operator/(Var a, Var b) { return div(a, b); }
Var operator+(Var a, double b);
Var operator-(Var a, double b);
Var operator-(double a, Var b);
Var operator*(Var a, double b);
Var operator/(Var a, double b);
inline Var operator-(Var x) { return neg(x); }

// ---- products
// ------------------------------------------------------------------------------------------------
/// op(a)·op(b). `a` is read as a matrix [rows, cols] whose rows are all leading axes; with
/// `trans_a` the product contracts over those rows: aᵀ·b. `b` is a matrix [K, N], with `trans_b`
/// [N, K]; for `trans_a` it is read as [rows, N] over the same rows. Results: [lead(a)…, N], or
/// [cols(a), N] (never batched) with `trans_a`.
Var matmul(Var a, Var b, bool trans_a = false, bool trans_b = false);

/// op(a)·op(b) for every index of the leading axes, which are equal: [lead…, m, k]·[lead…, k, n],
/// with `trans_a` [lead…, k, m], with `trans_b` [lead…, n, k].
Var batch_matmul(Var a, Var b, bool trans_a = false, bool trans_b = false);

// ---- rows
// ------------------------------------------------------------------------------------------------
/// Over the last axis; a row that holds NaN or +inf, or nothing but -inf, gives NaN.
Var softmax(Var x);
/// (x - mean) / √(variance + eps) over the last axis, biased variance; affine: nn/norm.h.
Var layer_norm(Var x, double eps = 1e-5);
/// [2, F]: Σ (x - centre) and Σ (x - centre)² of x [B, …, F] over all rows of the windows whose
/// mask [B] is not 0; no gradient.
Var column_moments(Var x, Var centre, Var mask);
/// Operands of batch normalisation over the last axis; nn/norm.h has the layer.
struct BatchNormOperands {
  Var x;                      ///< [B, …, F]
  Var weight, bias;           ///< [F]
  Var mean, rest;             ///< [F]: mean + rest is the mean to more digits than one float has
  Var inverse_deviation;      ///< [F]: 1 / √(variance + eps)
  Var mask, inverse_windows;  ///< [B] and []: which windows count, 1 / their number
};
Var batch_norm(const BatchNormOperands& operands);

// ---- reductions
// ----------------------------------------------------------------------------------------------
/// Sum over `axes`, which disappear (or stay with size 1 when `keep`; a batch axis always
/// disappears).
Var sum(Var x, std::vector<int64_t> axes, bool keep = false);
Var sum_all(Var x);
/// Mean over static axes (never the batch axis, whose true length a graph does not know).
Var mean(Var x, std::vector<int64_t> axes, bool keep = false);

// ---- structure
// -----------------------------------------------------------------------------------------------
Var reshape(Var x, Shape shape);
Var detach(Var x);  ///< the same values, through which no derivative passes
Var transpose(Var x, std::vector<int64_t> permutation);  ///< the batch axis stays first
Var slice(Var x, int64_t axis, int64_t begin, int64_t end);
Var matrix_row(Var matrix, int64_t row);  ///< [R, C] -> [C]
Var concat(std::vector<Var> parts, int64_t axis);
Var reverse(Var x, int64_t axis);
Var pad(Var x, int64_t axis, int64_t before, int64_t after);  ///< zeros
Var broadcast(Var x, Shape shape);
/// Sliding windows along a static axis: […, T, …] -> […, (T - size) / step + 1, size, …].
Var unfold(Var x, int64_t axis, int64_t size, int64_t step);
/// The adjoint of unfold: […, n, size, …] -> […, length, …], overlapping values summed.
Var fold(Var x, int64_t axis, int64_t step, int64_t length);
/// Result [B, dims…] of an op with several, stored `offset` floats per window after the first.
Var part(Var whole, int64_t offset, const std::vector<int64_t>& dims);

// ---- windows
// -------------------------------------------------------------------------------------------------
/// Maximum over consecutive blocks of `kernel` steps of the last axis; a shorter last block counts
/// (ceil mode).
Var max_pool1d(Var x, int64_t kernel);
/// Centred moving average of odd length `window` over `axis`, ends replicated (DLinear's trend).
Var moving_average(Var x, int64_t window, int64_t axis = -1);

// ---- places computed at run time
// ---------------------------------------------------------------------------------
/// Places of the k largest values of the last axis, largest first, as floats; no gradient.
Var top_k(Var x, int64_t k);
/// y[…, i] = x[…, index[…, i]]; `index` is [k], shared by all rows, or [lead(x)…, k].
Var gather(Var x, Var index);
/// [B, L, C]: Σ_i weights[b, i]·v[b, (t + delays[b, i]) mod L, c]; `delays` is [k] or [B, k].
Var delay_aggregate(Var v, Var weights, Var delays);
/// [B, k]: Σ_t Σ_c a[b, t, c]·v[b, (t + delays[b, i]) mod L, c]; `delays` is [k] or [B, k].
Var delay_correlate(Var a, Var v, Var delays);

// ---- sequences
// -----------------------------------------------------------------------------------------------
/// Operands of one LSTM layer over T steps; U units, h of size P (= U without w_hr).
struct LstmOperands {
  Var x;           ///< [B, T, I]
  Var w_ih;        ///< [4U, I], gates in the order i, f, g, o
  Var w_hh;        ///< [4U, P]
  Var bias{};      ///< [4U]; optional
  Var w_hr{};      ///< [P, U], projects o ⊙ tanh c to h; optional
  Var h0{}, c0{};  ///< [B, P], [B, U]: state before the first step, both or none (zeros)
};
/// h [B, T, P] and c [B, T, U] after every step.
struct LstmResult {
  Var h, c;
};
/// `keeps_gates`: the activated gates stay for the backward pass; without, a gradient computes the
/// layer twice.
LstmResult lstm(const LstmOperands& operands, bool keeps_gates);

// ---- randomness
// ----------------------------------------------------------------------------------------------
/// Zeroes elements with probability p and scales the rest by 1/(1-p); the mask is Philox(seed,
/// step, op, element).
Var dropout(Var x, double p);

}  // namespace nd

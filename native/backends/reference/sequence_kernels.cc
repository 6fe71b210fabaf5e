// Naive definitions of the sequence ops, step by step and sum by sum.
#include <cmath>

#include "backends/reference/kernels.h"
#include "ops/lstm.h"

namespace nd::reference {

namespace {

double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

using Values = std::vector<double>;

}  // namespace

void lstm(const KernelArgs& a) {
  const LstmForm f = LstmForm::of(a.attrs);
  const int64_t U = f.units, P = f.outputs, T = a.out_dims[1], W = a.out_dims[2];
  const Values &x = *a.in[0], &w_hh = *a.in[1], &w_ih = *a.in[2];
  const int64_t I = f.inputs;
  const size_t state = f.state_operand();
  for (int64_t b = 0; b < a.out_dims[0]; ++b) {
    Values h(static_cast<size_t>(P)), c(static_cast<size_t>(U)), m(static_cast<size_t>(U));
    for (int64_t j = 0; f.has_state && j < P; ++j) h[j] = (*a.in[state])[b * P + j];
    for (int64_t j = 0; f.has_state && j < U; ++j) c[j] = (*a.in[state + 1])[b * U + j];
    for (int64_t t = 0; t < T; ++t) {
      double* out = a.out.data() + (b * T + t) * W;
      for (int64_t j = 0; j < U; ++j) {
        double z[4];
        for (int64_t q = 0; q < 4; ++q) {
          z[q] = f.has_bias ? (*a.in[f.bias_operand()])[q * U + j] : 0;
          for (int64_t i = 0; i < I; ++i)
            z[q] += w_ih[(q * U + j) * I + i] * x[(b * T + t) * I + i];
          for (int64_t p = 0; p < P; ++p) z[q] += w_hh[(q * U + j) * P + p] * h[p];
        }
        const double in = sigmoid(z[0]), forget = sigmoid(z[1]), candidate = std::tanh(z[2]),
                     output = sigmoid(z[3]);
        c[j] = forget * c[j] + in * candidate;
        m[j] = output * std::tanh(c[j]);
        out[P + j] = c[j];
        if (!f.keeps_gates) continue;
        const double kept[4] = {in, forget, candidate, output};
        for (int64_t q = 0; q < 4; ++q) out[P + U + q * U + j] = kept[q];
      }
      for (int64_t p = 0; p < P; ++p) {
        h[p] = f.projected ? 0 : m[p];
        for (int64_t j = 0; f.projected && j < U; ++j)
          h[p] += (*a.in[f.projection_operand()])[p * U + j] * m[j];
        out[p] = h[p];
      }
    }
  }
}

void lstm_gradient(const KernelArgs& a) {
  const LstmForm f = LstmForm::of(a.attrs);
  const int64_t U = f.units, P = f.outputs, T = a.out_dims[1], W = f.width(),
                G = f.gradient_width();
  const Values &saved = *a.in[0], &w_hh = *a.in[1];
  const size_t state = f.projected ? 3 : 2, by_h = state + (f.has_state ? 1 : 0);
  for (int64_t b = 0; b < a.out_dims[0]; ++b) {
    Values through(static_cast<size_t>(P)), carried(static_cast<size_t>(U));
    for (int64_t t = T - 1; t >= 0; --t) {
      const double* kept = saved.data() + (b * T + t) * W;
      double* out = a.out.data() + (b * T + t) * G;
      Values dh(static_cast<size_t>(P));
      for (int64_t p = 0; p < P; ++p) {
        dh[p] = (*a.in[by_h])[(b * T + t) * P + p] + through[p];
        if (f.projected) out[4 * U + p] = dh[p];
      }
      through.assign(static_cast<size_t>(P), 0.0);
      for (int64_t j = 0; j < U; ++j) {
        double dm = f.projected ? 0 : dh[j];
        for (int64_t p = 0; f.projected && p < P; ++p) dm += (*a.in[2])[p * U + j] * dh[p];
        const double in = kept[P + U + j], forget = kept[P + 2 * U + j],
                     candidate = kept[P + 3 * U + j], output = kept[P + 4 * U + j];
        const double tanh_c = std::tanh(kept[P + j]);
        const double before = t > 0 ? kept[P + j - W] : f.has_state ? (*a.in[state])[b * U + j] : 0;
        double dc = carried[j] + dm * output * (1 - tanh_c * tanh_c);
        if (f.has_dc) dc += (*a.in[by_h + 1])[(b * T + t) * U + j];
        const double dz[4] = {dc * candidate * in * (1 - in), dc * before * forget * (1 - forget),
                              dc * in * (1 - candidate * candidate),
                              dm * tanh_c * output * (1 - output)};
        carried[j] = dc * forget;
        if (f.has_state) out[G - U + j] = carried[j];
        for (int64_t q = 0; q < 4; ++q) {
          out[q * U + j] = dz[q];
          for (int64_t p = 0; p < P; ++p) through[p] += dz[q] * w_hh[(q * U + j) * P + p];
        }
      }
    }
  }
}

}  // namespace nd::reference

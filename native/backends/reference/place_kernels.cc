#include "backends/reference/place_kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nd::reference {
namespace {

// Element i of row `row` of a list of places that is one for all rows or has a row for each.
int64_t place(const std::vector<double>& list, int64_t row, int64_t k, int64_t i, int64_t last) {
  const bool shared = static_cast<int64_t>(list.size()) == k;
  const double value = list[static_cast<size_t>(shared ? i : row * k + i)];
  return std::isnan(value)
             ? 0
             : static_cast<int64_t>(std::clamp(value, 0.0, static_cast<double>(last)));
}

// Calls visit(position of a value, position of its place in the row-major long form).
template <class Visit>
void for_each_place(const std::vector<double>& list, int64_t values, int64_t k, int64_t length,
                    Visit visit) {
  for (int64_t at = 0; at < values; ++at)
    visit(at, at / k * length + place(list, at / k, k, at % k, length - 1));
}

// Calls visit(window, i, position of [b, t, c], position of [b, (t + delay) mod L, c]).
template <class Visit>
void for_each_delayed(const KernelArgs& a, const Dims& series, Visit visit) {
  const int64_t B = series[0], L = series[1], C = series[2], k = a.in_dims[2].back();
  for (int64_t b = 0; b < B; ++b) {
    for (int64_t i = 0; i < k; ++i) {
      const int64_t delay = place(*a.in[2], b, k, i, L) % L;
      for (int64_t t = 0; t < L; ++t) {
        for (int64_t c = 0; c < C; ++c)
          visit(b * k + i, (b * L + t) * C + c, (b * L + (t + delay) % L) * C + c);
      }
    }
  }
}

}  // namespace

void top_k(const KernelArgs& a) {
  const int64_t length = a.in_dims[0].back(), k = a.attrs.ints[0];
  std::vector<int64_t> order(static_cast<size_t>(length));
  for (int64_t row = 0; row < static_cast<int64_t>(a.out.size()) / k; ++row) {
    const double* x = a.in[0]->data() + row * length;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [x](int64_t i, int64_t j) {
      return x[i] > x[j] || (std::isnan(x[i]) && !std::isnan(x[j]));
    });
    std::copy(order.begin(), order.begin() + k, a.out.begin() + row * k);
  }
}

void gather(const KernelArgs& a) {
  for_each_place(*a.in[1], static_cast<int64_t>(a.out.size()), a.out_dims.back(),
                 a.in_dims[0].back(),
                 [&](int64_t at, int64_t from) { a.out[at] = (*a.in[0])[from]; });
}

void scatter_add(const KernelArgs& a) {
  for_each_place(*a.in[1], static_cast<int64_t>(a.in[0]->size()), a.in_dims[0].back(),
                 a.out_dims.back(), [&](int64_t at, int64_t to) { a.out[to] += (*a.in[0])[at]; });
}

void delay_aggregate(const KernelArgs& a) {
  for_each_delayed(a, a.in_dims[0], [&](int64_t weight, int64_t at, int64_t delayed) {
    a.out[at] += (*a.in[1])[weight] * (*a.in[0])[delayed];
  });
}

void delay_correlate(const KernelArgs& a) {
  for_each_delayed(a, a.in_dims[0], [&](int64_t to, int64_t at, int64_t delayed) {
    a.out[to] += (*a.in[0])[at] * (*a.in[1])[delayed];
  });
}

}  // namespace nd::reference

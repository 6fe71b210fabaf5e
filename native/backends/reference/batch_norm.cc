// Batch normalisation and the sums behind it.
#include "backends/reference/kernels.h"

namespace nd::reference {

namespace {

// Calls visit(element, feature) for every element of the windows whose mask is not 0.
template <class Visit>
void for_each_real(const Dims& x, const std::vector<double>& mask, Visit visit) {
  size_t row = 1;
  for (size_t axis = 1; axis < x.size(); ++axis) row *= static_cast<size_t>(x[axis]);
  for (size_t window = 0; window < mask.size(); ++window) {
    for (size_t i = 0; i < row && mask[window] != 0; ++i)
      visit(window * row + i, i % static_cast<size_t>(x.back()));
  }
}

}  // namespace

void column_moments(const KernelArgs& a) {
  const std::vector<double>&x = *a.in[0], &centre = *a.in[1];
  const size_t features = centre.size();
  for_each_real(a.in_dims[0], *a.in[2], [&](size_t i, size_t f) {
    const double centred = x[i] - centre[f], u = a.in.size() > 3 ? (*a.in[3])[i] : centred;
    a.out[f] += u;
    a.out[features + f] += u * centred;
  });
}

void batch_norm(const KernelArgs& a) {
  const size_t features = a.in[1]->size();
  for (size_t i = 0; i < a.out.size(); ++i) {
    const auto row = [&](size_t input) { return (*a.in[input])[i % features]; };
    a.out[i] = ((*a.in[0])[i] - row(3) - row(4)) * row(5) * row(1) + row(2);
  }
}

void batch_norm_gradient(const KernelArgs& a) {
  const std::vector<double>& mask = *a.in[8];
  const double rows = static_cast<double>(a.in[0]->size() / a.in[2]->size() / mask.size());
  const double inverse_count = (*a.in[9])[0] / rows;
  for_each_real(a.in_dims[0], mask, [&](size_t i, size_t f) {
    const auto row = [&](size_t input) { return (*a.in[input])[f]; };
    const double normal = ((*a.in[0])[i] - row(3) - row(4)) * row(5);
    a.out[i] = row(2) * row(5) * ((*a.in[1])[i] - (row(6) + normal * row(7)) * inverse_count);
  });
}

}  // namespace nd::reference

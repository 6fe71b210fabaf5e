#include "train/gradient_mean.h"

#include "simd/elementwise.h"
#include "simd/optimizer.h"
#include "train/ranges.h"

namespace nd::train {

namespace {
constexpr int64_t kAlignment = 16;   // floats of a cache line
constexpr int64_t kGrain = 1 << 15;  // floats
}  // namespace

GradientMean::GradientMean(int64_t batches, size_t size) : sum_(batches > 1 ? size : 0) {}

void GradientMean::clear() {
  added_ = 0;
  loss_ = weight_ = 0;
}

void GradientMean::add(std::span<float> gradients, double loss, double weight,
                       parallel::Team* team) {
  if (sum_.size() == 0) {
    only_ = gradients, loss_ = loss, weight_ = weight, added_ = 1;
    return;
  }
  const bool first = added_++ == 0;
  loss_ += weight * loss, weight_ += weight;
  for_ranges(team, static_cast<int64_t>(gradients.size()), kAlignment, kGrain,
             [&](int64_t begin, int64_t end) {
               float *x = gradients.data() + begin, *sum = sum_.data() + begin;
               if (first) simd::fill(sum, 0, end - begin);
               simd::scale(x, static_cast<float>(weight), end - begin);
               simd::add_into(sum, x, end - begin);
             });
}

double GradientMean::loss() const {
  if (sum_.size() == 0) return loss_;
  return weight_ > 0 ? loss_ / weight_ : 0;
}

std::span<float> GradientMean::gradients(parallel::Team* team) {
  if (sum_.size() == 0) return only_;
  const auto factor = static_cast<float>(weight_ > 0 ? 1 / weight_ : 0);
  for_ranges(
      team, static_cast<int64_t>(sum_.size()), kAlignment, kGrain,
      [&](int64_t begin, int64_t end) { simd::scale(sum_.data() + begin, factor, end - begin); });
  return sum_.span();
}

}  // namespace nd::train

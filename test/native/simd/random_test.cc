#include "simd/random.h"

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class Random : public EveryTarget {};
ND_FOR_EVERY_TARGET(Random);

TEST_P(Random, DrawsAreThoseOfTheScalarGenerator) {
  const PhiloxKey key{0x123456789abcdef0ull, Stream::initialise, 7, 42};
  constexpr double bound = 0.3;
  for (const int64_t n : lengths()) {
    std::vector<float> y(static_cast<size_t>(n) + 1, 9.0f);
    uniform(key, bound, y.data(), n);
    for (int64_t i = 0; i < n; ++i) {
      const double u = philox_uniform(key, static_cast<uint64_t>(i));
      ASSERT_EQ(y[static_cast<size_t>(i)], static_cast<float>((2 * u - 1) * bound))
          << n << " " << i;
    }
    ASSERT_EQ(y.back(), 9.0f);
  }
}

}  // namespace
}  // namespace nd::simd

#include "simd/delay.h"

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class Delay : public EveryTarget {};
ND_FOR_EVERY_TARGET(Delay);

struct Series {
  int64_t length, width;
  std::vector<float> a, v;
  std::vector<int32_t> delays;
};

std::vector<Series> cases() {
  std::vector<Series> all;
  for (const int64_t length : {1, 2, 7, 65, 130}) {
    for (const int64_t width : {1, 3, 8, 17, 64, 70}) {
      Series s{length, width, normal_values(length * width), normal_values(length * width, 2), {}};
      for (int64_t i = 0; i < 14; ++i) s.delays.push_back(static_cast<int32_t>(i * 5 % length));
      for (int64_t i = 0; i < 37; ++i) s.delays.push_back(static_cast<int32_t>((i + 3) % length));
      all.push_back(std::move(s));
    }
  }
  return all;
}

TEST_P(Delay, AggregatesTheChannelsAsked) {
  for (const Series& s : cases()) {
    const auto count = static_cast<int64_t>(s.delays.size());
    const std::vector<float> weights = normal_values(s.delays.size(), 3);
    for (const auto& [begin, end] :
         {std::pair<int64_t, int64_t>{0, s.width}, {s.width / 2, s.width}}) {
      std::vector<float> out(s.a.size(), 9.0f);
      delay_aggregate(s.v.data(), weights.data(), s.delays.data(), count, s.length, s.width, begin,
                      end, out.data());
      for (int64_t t = 0; t < s.length; ++t) {
        for (int64_t c = 0; c < s.width; ++c) {
          double expected = 0, size = 10;
          for (int64_t i = 0; i < count; ++i) {
            const double term =
                double{weights[i]} * s.v[(t + s.delays[i]) % s.length * s.width + c];
            expected += term;
            size += std::abs(term);
          }
          if (c < begin || c >= end) expected = 9;
          ASSERT_NEAR(out[t * s.width + c], expected, 1e-6 * size) << s.length << " " << s.width;
        }
      }
    }
  }
}

TEST_P(Delay, CorrelatesAtEveryDelay) {
  for (const Series& s : cases()) {
    // From the 14th on delays follow each other.
    for (const auto& [first, count] : std::vector<std::pair<int64_t, int64_t>>{
             {0, 1}, {0, 5}, {0, 13}, {0, 14}, {14, 37}, {4, 40}}) {
      std::vector<float> out(static_cast<size_t>(count) + 1, 9.0f);
      const int32_t* delays = s.delays.data() + first;
      delay_correlate(s.a.data(), s.v.data(), delays, count, s.length, s.width, out.data());
      for (int64_t i = 0; i < count; ++i) {
        double expected = 0, size = 1;
        for (int64_t t = 0; t < s.length; ++t) {
          for (int64_t c = 0; c < s.width; ++c) {
            const double term =
                double{s.a[t * s.width + c]} * s.v[(t + delays[i]) % s.length * s.width + c];
            expected += term;
            size += std::abs(term);
          }
        }
        ASSERT_NEAR(out[i], expected, 1e-6 * size) << s.length << " " << s.width;
      }
      ASSERT_EQ(out.back(), 9.0f);
    }
  }
}

}  // namespace
}  // namespace nd::simd

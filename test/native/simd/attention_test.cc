#include "simd/attention.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class AttentionKernel : public EveryTarget {};
ND_FOR_EVERY_TARGET(AttentionKernel);

struct Floats {
  void operator()(float* p) const { std::free(p); }
};

// One head of depth 1 whose values are unit vectors: what comes out are the weights.
std::vector<float> weights_of(std::vector<float> queries, std::vector<float> keys, bool causal) {
  const auto n = static_cast<int64_t>(queries.size()), m = static_cast<int64_t>(keys.size());
  std::vector<float> values(static_cast<size_t>(m * m), 0.0f);
  for (int64_t j = 0; j < m; ++j) values[static_cast<size_t>(j * m + j)] = 1;
  std::vector<float> out(static_cast<size_t>(n * m), -1.0f);
  const HeadPair pair{{queries.data(), 1}, {keys.data(), 1}, 1};
  const AttentionHead head{.pairs = &pair,
                           .pair_count = 1,
                           .value = {values.data(), m},
                           .value_depth = m,
                           .queries = n,
                           .keys = m,
                           .causal = causal,
                           .out = {out.data(), m}};
  const auto floats = static_cast<size_t>(attention_scratch_floats(1, m, 0) + 15) / 16 * 16;
  const std::unique_ptr<float, Floats> scratch(
      static_cast<float*>(std::aligned_alloc(64, floats * sizeof(float))));
  for (int64_t b = 0; b < attention_blocks(n); ++b) attention_forward(head, b, scratch.get());
  return out;
}

TEST_P(AttentionKernel, WeightsAreThoseOfAnExactSoftmax) {
  for (const int64_t length : {1, 7, 64, 100, 130}) {
    for (const bool causal : {false, true}) {
      std::vector<float> queries = normal_values(static_cast<size_t>(length), 1);
      for (float& q : queries) q *= 8;
      const std::vector<float> keys = normal_values(static_cast<size_t>(length), 2);
      const std::vector<float> weights = weights_of(queries, keys, causal);
      for (int64_t i = 0; i < length; ++i) {
        const int64_t seen = causal ? i + 1 : length;
        const auto score = [&](int64_t j) {
          return static_cast<double>(queries[static_cast<size_t>(i)]) *
                 keys[static_cast<size_t>(j)];
        };
        double top = score(0), total = 0;
        for (int64_t j = 1; j < seen; ++j) top = std::max(top, score(j));
        for (int64_t j = 0; j < seen; ++j) total += std::exp(score(j) - top);
        for (int64_t j = 0; j < length; ++j) {
          const double exact = j < seen ? std::exp(score(j) - top) / total : 0;
          // Scores and their distances from the largest are rounded.
          const double bound = 8e-7 + 2e-7 * (std::abs(top) + std::abs(score(j) - top));
          ASSERT_LE(std::abs(weights[static_cast<size_t>(i * length + j)] - exact),
                    bound * exact + 1e-36)
              << length << " " << i << " " << j;
        }
      }
    }
  }
}

TEST_P(AttentionKernel, ANotANumberReachesEveryQueryThatSeesIt) {
  std::vector<float> keys(70, 0.5f);
  keys[66] = std::bit_cast<float>(0x7fc00123u);
  const std::vector<float> weights = weights_of(std::vector<float>(70, 1.0f), keys, true);
  for (size_t i = 0; i < 70; ++i) ASSERT_EQ(std::isnan(weights[i * 70]), i >= 66) << i;
}

}  // namespace
}  // namespace nd::simd

// The statistics of conformal prediction by hand, and what they promise: coverage of exchangeable
// scores, and of scores that drift.
#include "forecast/conformal.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.h"

namespace nd::forecast {
namespace {

double uniform(uint64_t seed, uint64_t i) {
  return static_cast<double>(philox_uniform({.seed = seed}, i)) + 0x1p-26;
}

TEST(ConformalRadius, IsTheOrderStatisticThatCountsTheScoreToCome) {
  std::vector<double> scores = {4, 1, 3, 2};
  EXPECT_EQ(conformal_radius(scores, 0.8), 4);  // ⌈5 · 0.8⌉ = 4
  EXPECT_EQ(conformal_radius(scores, 0.6), 3);  // 5 · 0.6 is 3, however it is rounded
  EXPECT_EQ(conformal_radius(scores, 0.61), 4);
  EXPECT_EQ(conformal_radius(scores, 0.1), 1);
  EXPECT_EQ(conformal_radius(scores, 0.81), std::nullopt);
  std::vector<double> none;
  EXPECT_EQ(conformal_radius(none, 0.5), std::nullopt);
}

TEST(ConformalRadius, NeedsAsManyScoresAsItSays) {
  for (const double level : {0.5, 0.8, 0.9, 0.95, 0.975, 0.99}) {
    const int64_t needed = scores_needed(level);
    std::vector<double> enough(static_cast<size_t>(needed), 1.0);
    EXPECT_TRUE(conformal_radius(enough, level).has_value()) << level;
    enough.pop_back();
    EXPECT_FALSE(conformal_radius(enough, level).has_value()) << level;
  }
  EXPECT_EQ(scores_needed(0.8), 4);
  EXPECT_EQ(scores_needed(0.95), 19);
}

TEST(ConformalRadius, CoversExchangeableScoresAtTheLevel) {
  constexpr int kTrials = 20'000;
  for (const double level : {0.8, 0.95}) {
    int covered = 0;
    for (int t = 0; t < kTrials; ++t) {
      std::vector<double> scores;
      for (uint64_t i = 0; i < 19; ++i)
        scores.push_back(std::pow(uniform(1, static_cast<uint64_t>(t) * 20 + i), 3));
      const double next = std::pow(uniform(1, static_cast<uint64_t>(t) * 20 + 19), 3);
      covered += next <= *conformal_radius(scores, level) ? 1 : 0;
    }
    // With 19 scores both levels are met exactly.
    const double error = std::sqrt(level * (1 - level) / kTrials);
    EXPECT_NEAR(static_cast<double>(covered) / kTrials, level, 4 * error);
  }
}

TEST(LinearQuantile, IsThatOfNumPy) {
  std::vector<double> values = {7, 1, 3, 10};
  EXPECT_DOUBLE_EQ(linear_quantile(values, 0.5), 5);
  EXPECT_DOUBLE_EQ(linear_quantile(values, 0.1), 1.6);
  EXPECT_DOUBLE_EQ(linear_quantile(values, 0.95), 9.55);
  EXPECT_DOUBLE_EQ(linear_quantile(values, 1), 10);
  std::vector<double> one = {2};
  EXPECT_DOUBLE_EQ(linear_quantile(one, 0.3), 2);
}

TEST(RadiusTracker, StartsAtTheConformalRadiusAndMovesByTheMiss) {
  std::vector<double> earlier = {1, 2, 3, 4};
  RadiusTracker tracker(0.8, 0.1, earlier);
  EXPECT_DOUBLE_EQ(tracker.radius(), 4);
  EXPECT_DOUBLE_EQ(tracker.state().unit, 2.5);
  tracker.update(5);  // a miss; the unit is now 0.9 · 2.5 + 0.1 · 5 = 2.75, the reach 5 / 2.75
  EXPECT_DOUBLE_EQ(tracker.radius(), (1.6 + 0.1 * (5 / 2.75) * 0.8) * 2.75);
  const double multiple = tracker.state().multiple;
  tracker.update(-1);  // within; the unit is 2.575, the reach 0.99 times what it was
  EXPECT_DOUBLE_EQ(tracker.radius(), (multiple - 0.1 * 0.99 * (5 / 2.75) * 0.2) * 2.575);
  // Too few scores for the level: the largest. None: the first that is not 0.
  EXPECT_DOUBLE_EQ(RadiusTracker(0.95, 0.1, earlier).radius(), 4);
  RadiusTracker fresh(0.95, 0.1, std::vector<double>{});
  EXPECT_EQ(fresh.radius(), 0);
  fresh.update(0);
  fresh.update(7);
  EXPECT_EQ(fresh.radius(), 7);
  RadiusTracker same(0.95, 0.1, fresh.state());
  same.update(3), fresh.update(3);
  EXPECT_EQ(same.radius(), fresh.radius());
}

TEST(RadiusTracker, StaysFiniteWhereScoresVanishAndComeBack) {
  RadiusTracker tracker(0.8, kTrackingRate, std::vector<double>{1, 2});
  for (int t = 0; t < 20'000; ++t) tracker.update(0);
  EXPECT_TRUE(std::isfinite(tracker.radius()));
  for (int t = 0; t < 100; ++t) tracker.update(1 + t % 3);
  EXPECT_GT(tracker.radius(), 1);
  EXPECT_LT(tracker.radius(), 10);
}

TEST(RadiusTracker, CoversScoresThatGrowTenfoldWhereAFixedRadiusDoesNot) {
  for (const double level : {0.8, 0.9, 0.95}) {
    std::vector<double> calibration;
    for (uint64_t i = 0; i < 200; ++i) calibration.push_back(uniform(3, i));
    RadiusTracker tracker(level, kTrackingRate, calibration);
    const double fixed = *conformal_radius(calibration, level);
    constexpr uint64_t kSteps = 4000;
    int covered = 0, covered_by_fixed = 0;
    for (uint64_t t = 0; t < kSteps; ++t) {
      const double score = uniform(4, t) * (t < kSteps / 2 ? 1 : 10);
      covered += score <= tracker.radius() ? 1 : 0;
      covered_by_fixed += score <= fixed ? 1 : 0;
      tracker.update(score);
    }
    EXPECT_NEAR(covered / static_cast<double>(kSteps), level, 0.02) << level;
    EXPECT_LT(covered_by_fixed / static_cast<double>(kSteps), level - 0.3);
  }
}

}  // namespace
}  // namespace nd::forecast

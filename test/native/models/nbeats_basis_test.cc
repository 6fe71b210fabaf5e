#include "models/nbeats_basis.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace nd {
namespace {

using Rows = std::vector<std::vector<double>>;

void expect_rows(const Basis& basis, const Rows& expected) {
  ASSERT_EQ(basis.functions, static_cast<int64_t>(expected.size()));
  for (size_t p = 0; p < expected.size(); ++p)
    for (size_t t = 0; t < expected[p].size(); ++t)
      EXPECT_NEAR(basis.at(static_cast<int64_t>(p), static_cast<int64_t>(t)), expected[p][t], 1e-12)
          << "function " << p << ", step " << t;
}

// Six steps of each basis as the reference stores them.
TEST(TrendBasis, ValuesOfTheReference) {
  expect_rows(trend_basis("polynomial", 2, 6),
              {{1, 1, 1, 1, 1, 1},
               {0, 1 / 6.0, 2 / 6.0, 3 / 6.0, 4 / 6.0, 5 / 6.0},
               {0, 1 / 36.0, 4 / 36.0, 9 / 36.0, 16 / 36.0, 25 / 36.0}});
  expect_rows(trend_basis("legendre", 3, 6), {{1, 1, 1, 1, 1, 1},
                                              {-1, -0.6, -0.2, 0.2, 0.6, 1},
                                              {1, 0.04, -0.44, -0.44, 0.04, 1},
                                              {-1, 0.36, 0.28, -0.28, -0.36, 1}});
  expect_rows(trend_basis("chebyshev", 3, 6), {{1, 1, 1, 1, 1, 1},
                                               {-1, -0.6, -0.2, 0.2, 0.6, 1},
                                               {1, -0.28, -0.92, -0.92, -0.28, 1},
                                               {-1, 0.936, 0.568, -0.568, -0.936, 1}});
  expect_rows(trend_basis("changepoint", 3, 6), {{0, 0, 0.15, 0.35, 0.55, 0.75},
                                                 {0, 0, 0, 0.1, 0.3, 0.5},
                                                 {0, 0, 0, 0, 0.05, 0.25},
                                                 {0, 0, 0, 0, 0, 0}});
  expect_rows(trend_basis("spline", 5, 6), {{1, 0.064, 0, 0, 0, 0},
                                            {0, 0.558, 0.128, 0.002, 0, 0},
                                            {0, 0.342, 0.588, 0.282, 0.036, 0},
                                            {0, 0.036, 0.282, 0.588, 0.342, 0},
                                            {0, 0, 0.002, 0.128, 0.558, 0},
                                            {0, 0, 0, 0, 0.064, 1}});
}

TEST(TrendBasis, Tents) {
  expect_rows(trend_basis("piecewise_linear", 1, 5), {{0, 0, 0, 0, 0}, {0, 0.5, 1, 0.5, 0}});
  expect_rows(trend_basis("linear_hat", 2, 5),
              {{1, 0.5, 0, 0, 0}, {0, 0.5, 1, 0.5, 0}, {0, 0, 0, 0.5, 1}});
}

TEST(TrendBasis, SplinesAndHatsSumToOne) {
  for (const char* name : {"spline", "linear_hat"}) {
    for (int64_t degree = 3; degree < 9; ++degree) {
      const Basis basis = trend_basis(name, degree, 23);
      for (int64_t t = 0; t < basis.steps; ++t) {
        double sum = 0;
        for (int64_t p = 0; p < basis.functions; ++p) sum += basis.at(p, t);
        EXPECT_NEAR(sum, 1, 1e-12) << name << " " << degree << " at " << t;
      }
    }
  }
}

TEST(TrendBasis, EveryNameBuildsAndOneStepIsFinite) {
  for (const std::string_view name : trend_basis_names())
    for (const double value : trend_basis(name, 3, 1).values)
      EXPECT_TRUE(std::isfinite(value)) << name;
}

TEST(TrendBasis, TooFewFunctionsAreRefused) {
  EXPECT_THROW(trend_basis("spline", 2, 6), Error);
  EXPECT_THROW(trend_basis("linear_hat", 0, 6), Error);
  EXPECT_THROW(trend_basis("fourier", 3, 6), Error);
}

TEST(SeasonalityBasis, ValuesOfTheReference) {
  const double r = std::sqrt(3) / 2;
  expect_rows(seasonality_basis(2, 6, 6, +1), {{1, 1, 1, 1, 1, 1},
                                               {1, 0.5, -0.5, -1, -0.5, 0.5},
                                               {1, 0, -1, 0, 1, 0},
                                               {1, -0.5, -0.5, 1, -0.5, -0.5},
                                               {1, -r, 0.5, 0, -0.5, r},
                                               {0, 0, 0, 0, 0, 0},
                                               {0, r, r, 0, -r, -r},
                                               {0, 1, 0, -1, 0, 1},
                                               {0, r, -r, 0, r, -r},
                                               {0, 0.5, -r, 1, -r, 0.5}});
}

TEST(SeasonalityBasis, ThePastRunsBackwardsOnTheHorizonsClock) {
  const Basis past = seasonality_basis(1, 9, 4, -1), future = seasonality_basis(1, 9, 4, +1);
  ASSERT_EQ(past.functions, 4);
  for (int64_t p = 0; p < past.functions; ++p)
    for (int64_t t = 0; t < past.steps; ++t)
      EXPECT_NEAR(past.at(p, t), (p < 2 ? 1 : -1) * future.at(p, t), 1e-12);
}

// theta of the reference has 2·(⌈h/2·H⌉ - (h - 1)) entries per part.
TEST(SeasonalityBasis, CountOfFunctions) {
  for (int64_t harmonics = 1; harmonics < 6; ++harmonics)
    for (int64_t horizon = 2; horizon < 12; ++horizon)
      EXPECT_EQ(seasonality_basis(harmonics, 3, horizon, 1).functions,
                2 * ((harmonics * horizon + 1) / 2 - (harmonics - 1)));
}

}  // namespace
}  // namespace nd

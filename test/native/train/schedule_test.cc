// Schedules against their closed forms and against what torch.optim.lr_scheduler reaches.
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace nd::train {
namespace {

constexpr double kPi = 3.14159265358979323846;

TEST(Schedule, HalvesEveryStepSize) {
  const std::array<double, 9> expected = {0.05,  0.05,  0.05,  0.05,  0.025,
                                          0.025, 0.025, 0.025, 0.0125};
  for (int64_t t = 0; t < 9; ++t)
    EXPECT_DOUBLE_EQ(step_lr(0.05, t, 4, 0.5), expected[static_cast<size_t>(t)]);
}

TEST(Schedule, CosineFallsAlongHalfACosine) {
  for (int64_t t = 0; t <= 10; ++t) {
    const double expected = 0.001 + 0.049 * (1 + std::cos(kPi * static_cast<double>(t) / 10)) / 2;
    EXPECT_NEAR(cosine_lr(0.05, 0.001, t, 10), expected, 1e-15) << t;
  }
  EXPECT_DOUBLE_EQ(cosine_lr(0.05, 0.001, 0, 10), 0.05);
  EXPECT_DOUBLE_EQ(cosine_lr(0.05, 0.001, 10, 10), 0.001);
}

TEST(Schedule, OneCycleRisesToThePeakAndFallsBelowItsStart) {
  // torch 2: OneCycleLR(max_lr=0.1, total_steps=20).
  const std::array<double, 7> rising = {0.0040000000000000036, 0.013167184270002533,
                                        0.037167184270002526,  0.06683281572999747,
                                        0.09083281572999748,   0.1,
                                        0.09874640062350874};
  for (int64_t t = 0; t < 7; ++t)
    EXPECT_NEAR(one_cycle_lr(0.1, t, 20), rising[static_cast<size_t>(t)], 1e-15) << t;
  EXPECT_NEAR(one_cycle_lr(0.1, 19, 20), 0.1 / 250'000, 1e-15);
  for (const int64_t total : {1, 2, 3, 4, 5, 1000}) {
    for (int64_t t = 0; t < total; ++t) {
      const double rate = one_cycle_lr(0.1, t, total);
      EXPECT_GT(rate, 0.9 * 0.1 / 250'000) << t << " of " << total;
      EXPECT_LE(rate, 0.1) << t << " of " << total;
    }
  }
}

TEST(Schedule, OthersReachWhatTorchReaches) {
  const std::array<int64_t, 2> milestones = {3, 9};
  EXPECT_EQ(multi_step_lr(0.05, 2, milestones, 0.1), 0.05);
  EXPECT_NEAR(multi_step_lr(0.05, 3, milestones, 0.1), 0.005, 1e-16);
  EXPECT_NEAR(multi_step_lr(0.05, 9, milestones, 0.1), 0.0005, 1e-16);
  EXPECT_NEAR(exponential_lr(0.05, 19, 0.9), 0.006754258588364966, 1e-16);
  EXPECT_NEAR(polynomial_lr(0.05, 3, 10, 2), 0.0245, 1e-16);
  EXPECT_EQ(polynomial_lr(0.05, 12, 10, 2), 0);
  // CosineAnnealingWarmRestarts(T_0=4, T_mult=2)
  EXPECT_NEAR(cosine_restarts_lr(0.05, 0, 3, 4, 2), 0.0073223304703363135, 1e-15);
  EXPECT_EQ(cosine_restarts_lr(0.05, 0, 4, 4, 2), 0.05);
  EXPECT_NEAR(cosine_restarts_lr(0.05, 0, 11, 4, 2), 0.0019030116872178317, 1e-15);
  EXPECT_NEAR(cosine_restarts_lr(0.05, 0, 19, 4, 2), 0.029877258050403213, 1e-15);
  EXPECT_EQ(cosine_restarts_lr(0.05, 0, 8, 4, 1), 0.05);
  const std::array<double, 7> cycle = {0.01, 0.04, 0.07, 0.1, 0.07, 0.04, 0.01};
  for (int64_t t = 0; t < 14; ++t)
    EXPECT_NEAR(cyclic_lr(0.01, 0.1, t, 3), cycle[static_cast<size_t>(t % 6)], 1e-15) << t;
}

TEST(Schedule, PlateauWaitsForItsPatienceAndStopsAtTheLowestRate) {
  Plateau plateau(0.05, 0.5, 2, 0.02);
  const auto after = [&](double loss) {
    plateau.validated(loss);
    return plateau.rate();
  };
  EXPECT_EQ(after(1), 0.05);
  EXPECT_EQ(after(0.9), 0.05);
  EXPECT_EQ(after(0.89995), 0.05);  // not better by a ten-thousandth
  EXPECT_EQ(after(0.92), 0.05);
  EXPECT_EQ(after(std::numeric_limits<double>::infinity()), 0.025);
  const Plateau::State kept = plateau.state();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(after(1), 0.025);
  EXPECT_EQ(after(1), 0.02);
  plateau.restore(kept);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(after(1), 0.025);
  EXPECT_EQ(after(1), 0.02);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(after(1), 0.02);
}

TEST(Schedule, EveryScheduleOfAFitBeginsAtItsRateAndStaysWithinIt) {
  TrainConfig c;
  c.learning_rate = 0.05;
  c.lr_milestones = {5};
  using enum LrSchedule;
  for (const LrSchedule schedule : {multi_step, exponential, polynomial, cosine_restarts, cyclic}) {
    c.lr_schedule = schedule;
    c.min_learning_rate = schedule == cyclic ? 0.01 : 0;
    for (const int64_t steps : {1, 2, 3, 20}) {
      EXPECT_EQ(learning_rate(c, 0, steps), schedule == cyclic ? 0.01 : 0.05);
      for (int64_t t = 0; t < steps; ++t) {
        EXPECT_GT(learning_rate(c, t, steps), 0) << t;
        EXPECT_LE(learning_rate(c, t, steps), 0.05) << t;
      }
    }
  }
  c.lr_schedule = exponential;
  EXPECT_NEAR(learning_rate(c, 20, 20), 0.0005, 1e-12);
}

TEST(Schedule, WarmUpIsAStraightLineUpToTheRate) {
  for (int64_t t = 0; t < 5; ++t)
    EXPECT_NEAR(linear_lr(0.05, 0.1, t, 5), 0.05 * (0.1 + 0.9 * static_cast<double>(t) / 5), 1e-15);
  EXPECT_EQ(linear_lr(0.05, 0.1, 5, 5), 0.05);
  EXPECT_EQ(linear_lr(0.05, 0.1, 0, 0), 0.05);
}

TEST(Schedule, TheRateOfAFitIsAWarmUpAndThenTheSchedule) {
  TrainConfig c;
  c.learning_rate = 0.05;
  EXPECT_EQ(learning_rate(c, 7, 20), 0.05);
  c.num_lr_decays = 4;
  for (int64_t t = 0; t < 20; ++t) EXPECT_EQ(learning_rate(c, t, 20), step_lr(0.05, t, 5, 0.5));
  c.warmup_steps = 4;
  for (int64_t t = 0; t < 20; ++t) {
    EXPECT_EQ(learning_rate(c, t, 20),
              t < 4 ? linear_lr(0.05, 0.1, t, 4) : step_lr(0.05, t - 4, 4, 0.5));
  }
  c.lr_schedule = LrSchedule::cosine;  // numLrDecays is not read any more
  c.min_learning_rate = 0.01;
  for (int64_t t = 4; t < 20; ++t)
    EXPECT_EQ(learning_rate(c, t, 20), cosine_lr(0.05, 0.01, t - 4, 16));
  c.lr_schedule = LrSchedule::one_cycle;
  c.warmup_steps = 0;
  for (int64_t t = 0; t < 20; ++t) EXPECT_EQ(learning_rate(c, t, 20), one_cycle_lr(0.05, t, 20));
}

}  // namespace
}  // namespace nd::train

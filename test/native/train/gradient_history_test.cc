// What a checkpoint keeps of gradients and learning rates: every number, and nothing that cannot
// be.
#include "train/gradient_history.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "support/failure.h"
#include "train/training_state.h"

namespace nd::train {
namespace {

using testing::failure;

TrainingState read(const TrainingNumbers& numbers) {
  TrainingState state;
  from_numbers(numbers, "[load] x", state);
  return state;
}

TEST(GradientHistory, SurvivesItsNumbers) {
  TrainingState state;
  state.result.train_history = {{1, 5.0}, {5, 4.0}};
  state.result.learning_rates = {0.1, 0.01};
  EXPECT_TRUE(to_numbers(state).gradients.empty());
  EXPECT_FALSE(read(to_numbers(state)).result.gradients);
  GradientHistory& history = state.result.gradients.emplace();
  EXPECT_TRUE(read(to_numbers(state)).result.gradients) << "of no weights";
  history.weights = {0, 2};
  history.steps = {1, 5, 9};
  history.norms = {1, 2, 3, 4, INFINITY, 6};
  history.warnings = {{2, true, 1, 9, 3, 120.5}, {0, false, 5, 5, 1, 0}};
  const TrainingNumbers numbers = to_numbers(state);
  const TrainingState again = read(numbers);
  EXPECT_EQ(to_numbers(again).gradients, numbers.gradients);
  EXPECT_EQ(again.result.gradients->warnings[0].norm, 120.5);
  EXPECT_EQ(again.result.learning_rates, state.result.learning_rates);

  TrainingNumbers old = numbers;
  old.learning_rates.clear();
  EXPECT_EQ(read(old).result.learning_rates.size(), 2U);
  EXPECT_TRUE(std::isnan(read(old).result.learning_rates[0]));
  old.learning_rates = {0.1};
  EXPECT_EQ(failure([&] { read(old); }).code(), Code::file);
}

TEST(GradientHistory, RefusesNumbersThatCannotBe) {
  TrainingState state;
  GradientHistory& history = state.result.gradients.emplace();
  history.weights = {0, 2};
  history.steps = {1, 5};
  history.norms = {1, 2, 3, 4};
  history.warnings = {{2, true, 1, 9, 3, 120.5}};
  const TrainingNumbers numbers = to_numbers(state);
  const auto refused = [&](std::vector<double> gradients) {
    TrainingNumbers damaged = numbers;
    damaged.gradients = std::move(gradients);
    return failure([&] { read(damaged); }).code() == Code::file;
  };
  const std::vector<double>& flat = numbers.gradients;
  for (size_t cut = 1; cut < flat.size(); ++cut) {
    if (cut == flat.size() - 6) continue;  // a history without warnings
    EXPECT_TRUE(refused({flat.begin(), flat.begin() + static_cast<ptrdiff_t>(cut)})) << cut;
  }
  for (const double bad : {-1.0, 0.5, 1e300, 1e15, std::nan("")}) {
    for (const size_t at : {0U, 1U, 2U, 10U}) {  // counts, a weight, the weight of a warning
      std::vector<double> damaged = flat;
      damaged[at] = bad;
      EXPECT_TRUE(refused(damaged)) << bad << " at " << at;
    }
  }
  std::vector<double> repeated = flat;
  repeated[3] = repeated[2];
  EXPECT_TRUE(refused(repeated));
}

}  // namespace
}  // namespace nd::train

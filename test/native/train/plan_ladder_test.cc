#include "train/plan_ladder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "train/panels.h"

namespace nd::train {
namespace {

using testing::network;
using testing::small_nhits;

TEST(PlanLadder, RungsAreFinePowers) {
  EXPECT_EQ(rung_for(1, 1000), 1);
  EXPECT_EQ(rung_for(3, 1000), 4);
  EXPECT_EQ(rung_for(9, 1000), 16);
  EXPECT_EQ(rung_for(17, 1000), 20);
  EXPECT_EQ(rung_for(641, 1000), 768);
  EXPECT_EQ(rung_for(901, 1000), 1000) << "never above the capacity";
  EXPECT_EQ(rung_for(97, 97), 97);
  for (int64_t n = 1; n <= 1024; ++n) {
    const int64_t rung = rung_for(n, 1024);
    EXPECT_GE(rung, n);
    EXPECT_EQ(rung_for(rung, 1024), rung) << "a rung is its own";
    if (n > 16) {
      EXPECT_LT((rung - n) * 5, rung) << n;
    }
  }
  EXPECT_THROW(rung_for(0, 8), Error);
  EXPECT_THROW(rung_for(9, 8), Error);
}

TEST(PlanLadder, EveryRungGivesTheSameForecast) {
  const Network net = network("NHITS", small_nhits(), 24, 6);
  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
  PlanLadder ladder(50, [&](int64_t windows) { return net.compile_infer(windows); });
  std::vector<float> expected;
  for (const int64_t windows : {50, 1, 2, 7, 16, 21, 33, 50}) {
    Plan& plan = ladder.select(windows);
    EXPECT_EQ(plan.windows(), rung_for(windows, 50));
    const std::span<float> y = plan.input(io_names::kInsampleY);
    for (size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(i % 17) - 8.0F;
    RunArgs args;
    args.parameters = parameters.span();
    args.parameters_changed = windows == 50;
    ladder.run(args);
    const std::span<const float> forecast = plan.output(io_names::kForecast);
    if (expected.empty()) expected.assign(forecast.begin(), forecast.end());
    for (size_t i = 0; i < static_cast<size_t>(windows) * 6; ++i)
      ASSERT_NEAR(forecast[i], expected[i], 1e-5F) << windows;
  }
}

/// Says what a ladder asks of its plans.
class Probe final : public Plan {
 public:
  Probe(int64_t windows, std::vector<int64_t>& prepared, bool& fails)
      : windows_(windows), prepared_(prepared), fails_(fails) {}
  std::span<float> input(std::string_view) override { return {}; }
  bool has_input(std::string_view) const override { return false; }
  void run(const RunArgs& args) override {
    if (args.parameters_changed) prepared_.push_back(windows_);
    if (fails_) throw Error(Code::aborted, "aborted");
  }
  std::span<const float> output(std::string_view) const override { return {}; }
  int64_t windows() const override { return windows_; }
  int64_t memory_bytes() const override { return windows_ * 10; }

 private:
  int64_t windows_;
  std::vector<int64_t>& prepared_;
  bool& fails_;
};

TEST(PlanLadder, EachPlanPreparesChangedParametersOnce) {
  std::vector<int64_t> prepared;
  bool fails = false;
  PlanLadder ladder(64, [&](int64_t n) { return std::make_unique<Probe>(n, prepared, fails); });
  const auto run = [&](int64_t windows, bool changed) {
    ladder.select(windows);
    RunArgs args;
    args.parameters_changed = changed;
    ladder.run(args);
  };
  run(8, true), run(8, false), run(16, false), run(8, false), run(16, false);
  EXPECT_EQ(prepared, (std::vector<int64_t>{8, 16}));
  run(16, true), run(8, false), run(8, false);
  EXPECT_EQ(prepared, (std::vector<int64_t>{8, 16, 16, 8}));
  fails = true;
  EXPECT_THROW(run(8, true), Error);
  fails = false;
  run(8, false);
  EXPECT_EQ(prepared, (std::vector<int64_t>{8, 16, 16, 8, 8, 8})) << "again after a failed run";
}

TEST(PlanLadder, DropsWhatWasNotUsedForLongest) {
  std::vector<int64_t> prepared, compiled;
  bool fails = false;
  PlanLadder ladder(
      64,
      [&](int64_t n) {
        compiled.push_back(n);
        return std::make_unique<Probe>(n, prepared, fails);
      },
      800);
  for (const int64_t n : {16, 32, 16, 40, 16, 32}) EXPECT_EQ(ladder.select(n).windows(), n);
  EXPECT_EQ(compiled, (std::vector<int64_t>{16, 32, 40, 32})) << "16 is used all the time";
  EXPECT_LE(ladder.memory_bytes(), 800);
  EXPECT_EQ(ladder.select(64).windows(), 64);
  EXPECT_EQ(ladder.select(64).windows(), 64) << "one plan is kept, however large";
}

}  // namespace
}  // namespace nd::train

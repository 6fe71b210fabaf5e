#include "serve/predictor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "train/panels.h"

namespace nd::serve {
namespace {

using nlohmann::json;

forecast::Forecaster fitted(const char* local_scaler, const char* window_scaler,
                            const std::vector<int64_t>& lengths, const char* type = "NHITS",
                            const json& more = {{"mlpUnits", {{8, 8}, {8, 8}, {8, 8}}}}) {
  json options = {{"maxSteps", 20},
                  {"scalerType", window_scaler},
                  {"loss", {{"type", "MQLoss"}, {"levels", {80}}}}};
  options.update(more);
  forecast::Forecaster f(json{{"horizon", 6},
                              {"inputSize", 24},
                              {"localScaler", local_scaler},
                              {"models", {{{"type", type}, {"options", options}}}}});
  f.fit(testing::shared_sine_panel(lengths), {.val_size = 10});
  return f;
}

TEST(Predictor, EqualsPredict) {
  for (const char* local_scaler : {"none", "standard"}) {
    for (const char* window_scaler : {"identity", "robust", "minmax1", "invariant"}) {
      std::vector<int64_t> lengths(40, 60);
      lengths[0] = 10;  // shorter than the input: padded
      const forecast::Forecaster f = fitted(local_scaler, window_scaler, lengths);
      const auto table = f.predict(nullptr, {});
      const auto predictor = f.predictor("");
      EXPECT_EQ(predictor->columns(), f.columns());
      const data::Panel panel = testing::sine_panel(lengths);
      std::vector<double> windows;
      for (int64_t s = 1; s < 40; ++s) {
        const auto y = panel.target(s);
        windows.insert(windows.end(), y.begin(), y.end());
      }
      std::vector<double> all(39 * 6 * 3), one(6 * 3);
      predictor->predict(windows, 39, 60, all);
      for (size_t s = 1; s < 40; ++s) {
        for (size_t h = 0; h < 6; ++h) {
          for (size_t q = 0; q < 3; ++q) {
            const double expected = table.values[q][s * 6 + h];
            EXPECT_NEAR(all[((s - 1) * 6 + h) * 3 + q], expected, 1e-5 * std::abs(expected));
          }
        }
      }
      predictor->predict(panel.target(0), 1, 10, one);
      for (size_t h = 0; h < 6; ++h)
        EXPECT_NEAR(one[h * 3], table.values[0][h], 1e-5 * std::abs(table.values[0][h]));
      std::vector<double> again(6 * 3);
      predictor->predict(panel.target(0), 1, 10, again);
      EXPECT_EQ(one, again);
    }
  }
}

TEST(Predictor, EqualsPredictOfARecurrentModel) {
  for (const json& context : {json(nullptr), json(10), json(40)}) {
    const forecast::Forecaster f =
        fitted("standard", "robust", {60, 60, 60}, "LSTM",
               {{"recurrent", true}, {"encoderHiddenSize", 8}, {"inferenceInputSize", context}});
    const auto table = f.predict(nullptr, {});
    const auto predictor = f.predictor("");
    const data::Panel panel = testing::sine_panel({60, 60, 60});
    std::vector<double> out(6 * 3);
    for (int64_t s : {0, 1, 2, 1}) {  // a window does not see the state of the one before it
      predictor->predict(panel.target(s), 1, 60, out);
      for (size_t i = 0; i < out.size(); ++i) {
        const double expected = table.values[i % 3][static_cast<size_t>(s) * 6 + i / 3];
        EXPECT_NEAR(out[i], expected, 1e-5 * std::abs(expected));
      }
    }
  }
}

TEST(Predictor, IsNotChangedByALaterFit) {
  forecast::Forecaster f = fitted("none", "robust", {60, 60});
  const auto predictor = f.predictor("NHITS");
  const std::vector<double> window(24, 3.0);
  std::vector<double> before(18), after(18);
  predictor->predict(window, 1, 24, before);
  f.fit(testing::shared_sine_panel({80, 80}), {});
  predictor->predict(window, 1, 24, after);
  EXPECT_EQ(before, after);
}

TEST(Predictor, ServesManyThreads) {
  const forecast::Forecaster f = fitted("standard", "robust", {60, 60});
  const auto predictor = f.predictor("NHITS");
  const data::Panel panel = testing::sine_panel({60, 60});
  std::vector<double> expected(18);
  predictor->predict(panel.target(1), 1, 60, expected);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<double> out(18);
      for (int i = 0; i < 200; ++i) {
        predictor->predict(panel.target(1), 1, 60, out);
        wrong[t] += out != expected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(Predictor, RefusesBadInput) {
  const forecast::Forecaster f = fitted("none", "identity", {60});
  const auto predictor = f.predictor("");
  std::vector<double> window(24, 1.0), out(18);
  const auto code = [&](std::span<const double> w, int64_t count, int64_t length,
                        std::span<double> o) {
    try {
      predictor->predict(w, count, length, o);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::aborted;
  };
  EXPECT_EQ(code(window, 1, 23, out), Code::shape);
  EXPECT_EQ(code(window, -1, -24, out), Code::shape);
  EXPECT_EQ(code(window, 1, 24, std::span(out).first(17)), Code::shape);
  EXPECT_EQ(code({}, 1, 0, out), Code::empty);
  EXPECT_EQ(code({}, 0, 0, {}), Code::aborted) << "no window is no error";
  window[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(code(window, 1, 24, out), Code::data);
}

}  // namespace
}  // namespace nd::serve

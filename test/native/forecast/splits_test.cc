// What the fits of a cross-validation may see: the cuts themselves, and that no row that a forecast
// is about, or that comes after it, changes it.
#include "forecast/splits.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;
using testing::sine_panel;
using PanelPointer = std::shared_ptr<const data::Panel>;

constexpr int64_t kHorizon = 4;

using Rows = std::vector<std::array<int64_t, 3>>;

Rows rows_of(const std::vector<data::Piece>& pieces) {
  Rows rows;
  for (const auto& [series, begin, end] : pieces) rows.push_back({series, begin, end});
  return rows;
}

/// Rows at which the forecasts of a part begin, by series.
std::vector<std::pair<int32_t, int64_t>> starts(const Splits& splits, const Split& part) {
  std::vector<std::pair<int32_t, int64_t>> all;
  for (const size_t block : part.blocks)
    all.emplace_back(splits.origins[block].series, splits.origins[block].row);
  return all;
}

TEST(Splits, PurgeHidesRowsFromTheFitAndFromTheScalersOnly) {
  const data::Panel panel = sine_panel({30, 12});
  CrossValidationRequest request;
  request.windows = 3;
  request.step_size = 2;
  request.refit = 2;
  request.purge = 3;
  const Splits splits = make_splits(panel, request, kHorizon);
  ASSERT_EQ(splits.parts.size(), 2U);
  EXPECT_EQ(rows_of(splits.parts[0].learned), (Rows{{0, 0, 19}, {1, 0, 1}}));
  EXPECT_EQ(rows_of(splits.parts[0].scaled_by), (Rows{{0, 0, 19}, {1, 0, 1}}));
  EXPECT_EQ(starts(splits, splits.parts[0]),
            (std::vector<std::pair<int32_t, int64_t>>{{0, 22}, {0, 24}, {1, 4}, {1, 6}}));
  EXPECT_EQ(rows_of(splits.parts[1].learned), (Rows{{0, 0, 23}, {1, 0, 5}}));
  EXPECT_EQ(splits.parts[1].place.window, 2);
  EXPECT_EQ(splits.parts[1].place.fold, -1);
  request.purge = 22;
  EXPECT_EQ(failure([&] { make_splits(panel, request, kHorizon); }).code(), Code::empty);
}

TEST(Splits, TheTestSizeSaysHowManyWindowsThereAre) {
  const data::Panel panel = sine_panel({40});
  CrossValidationRequest request;
  request.step_size = 3;
  for (const int64_t windows : {1, 2, 5}) {
    request.test_size = kHorizon + 3 * (windows - 1);
    EXPECT_EQ(static_cast<int64_t>(make_splits(panel, request, kHorizon).origins.size()), windows);
  }
  for (const int64_t size : {3, 5, 12}) {
    request.test_size = size;
    const Error error = failure([&] { make_splits(panel, request, kHorizon); });
    EXPECT_EQ(error.code(), Code::horizon) << size;
    EXPECT_NE(error.message().find("expected horizon + a multiple of stepSize: 4, 7, 10"),
              std::string::npos)
        << error.message();
  }
}

TEST(Splits, FoldsOverSeriesForecastEverySeriesOnce) {
  const data::Panel panel = sine_panel({30, 31, 32, 33, 34});
  CrossValidationRequest request;
  request.windows = 2;
  request.folds_over = Folds::series;
  request.folds = 2;
  const Splits splits = make_splits(panel, request, kHorizon);
  ASSERT_EQ(splits.parts.size(), 2U);
  EXPECT_EQ(rows_of(splits.parts[0].learned), (Rows{{1, 0, 26}, {3, 0, 28}}));
  EXPECT_EQ(rows_of(splits.parts[0].scaled_by), (Rows{{0, 0, 25}, {2, 0, 27}, {4, 0, 29}}));
  EXPECT_EQ(splits.parts[1].place.fold, 1);
  std::set<size_t> blocks;
  for (const Split& part : splits.parts) blocks.insert(part.blocks.begin(), part.blocks.end());
  EXPECT_EQ(blocks.size(), 10U);
  EXPECT_EQ(splits.origins.size(), 10U);
  request.folds = 6;
  EXPECT_EQ(failure([&] { make_splits(panel, request, kHorizon); }).code(), Code::config);
  // Nobody to learn from: the other fold has only a short series.
  request.folds = 2;
  const data::Panel two = sine_panel({30, 5});
  EXPECT_EQ(failure([&] { make_splits(two, request, kHorizon); }).code(), Code::empty);
}

TEST(Splits, FoldsOverTimeLearnFromBothSidesOfABlock) {
  const data::Panel panel = sine_panel({30, 21});
  CrossValidationRequest request;
  request.step_size = 3;
  request.folds_over = Folds::time;
  request.folds = 3;
  request.purge = 2;
  request.embargo = 1;
  const Splits splits = make_splits(panel, request, kHorizon);
  ASSERT_EQ(splits.parts.size(), 3U);
  EXPECT_EQ(rows_of(splits.parts[0].learned), (Rows{{0, 11, 30}, {1, 8, 21}}));
  EXPECT_EQ(rows_of(splits.parts[0].scaled_by), (Rows{{0, 11, 30}, {1, 8, 21}}));
  EXPECT_EQ(starts(splits, splits.parts[0]),
            (std::vector<std::pair<int32_t, int64_t>>{{0, 1}, {0, 4}, {1, 1}}));
  EXPECT_EQ(rows_of(splits.parts[1].learned),
            (Rows{{0, 0, 8}, {0, 21, 30}, {1, 0, 5}, {1, 15, 21}}));
  EXPECT_EQ(rows_of(splits.parts[1].scaled_by), (Rows{{0, 0, 8}, {1, 0, 5}}));
  EXPECT_EQ(rows_of(splits.parts[2].learned), (Rows{{0, 0, 18}, {1, 0, 12}}));
  EXPECT_EQ(starts(splits, splits.parts[2]), (std::vector<std::pair<int32_t, int64_t>>{
                                                 {0, 20}, {0, 23}, {0, 26}, {1, 14}, {1, 17}}));
  request.folds = 10;
  const Error error = failure([&] { make_splits(panel, request, kHorizon); });
  EXPECT_EQ(error.code(), Code::empty);
  EXPECT_NE(error.message().find("at least 40 (folds · horizon)"), std::string::npos);
}

json small_config(const char* scaler) {
  const json options = {{"maxSteps", 4}, {"learningRate", 1e-2}, {"scalerType", "standard"}};
  return {{"horizon", kHorizon},
          {"inputSize", 6},
          {"localScaler", scaler},
          {"models",
           {{{"type", "NLinear"}, {"options", options}},
            {{"type", "MLP"}, {"options", [&] {
                                 json mlp = options;
                                 mlp.update({{"hiddenSize", 8}});
                                 return mlp;
                               }()}}}}};
}

std::vector<CrossValidationRequest> every_kind() {
  CrossValidationRequest request;
  request.windows = 3;
  request.step_size = 2;
  std::vector<CrossValidationRequest> all(6, request);
  all[1].refit = 1;
  all[2].refit = 1;
  all[2].purge = 2;
  all[3].folds_over = Folds::series;
  all[3].folds = 2;
  all[3].refit = 2;
  all[4].folds_over = Folds::time;
  all[4].folds = 3;
  all[4].purge = all[4].embargo = 1;
  all[5].refit = 1;
  all[5].from_scratch = false;
  return all;
}

TEST(CrossValidation, ASpikeInTheFutureOfAForecastChangesNothing) {
  const PanelPointer panel = shared_sine_panel({30, 27, 33});
  for (const char* scaler : {"none", "standard", "boxcox"}) {
    const Forecaster f(small_config(scaler));
    size_t kind = 0;
    for (const CrossValidationRequest& request : every_kind()) {
      SCOPED_TRACE(std::string(scaler) + ", kind " + std::to_string(kind++));
      const ForecastTable calm = f.cross_validate(panel, request);
      const Splits splits = make_splits(*panel, request, kHorizon);
      // One block of each series in turn; all rows that it must not know are spikes.
      for (const size_t block : {size_t{0}, splits.origins.size() / 2, splits.origins.size() - 1}) {
        data::Panel other = *panel;
        const auto [series, row] = splits.origins[block];
        const int64_t after = panel->length(series) - row;
        const bool in_time = request.folds_over == Folds::time;
        for (int64_t s = 0; s < panel->series_count(); ++s) {
          const auto target = other.mutable_target(s);
          // Over time a fold learns from what comes after its block, so only the block is hidden.
          const int64_t length = panel->length(s);
          const int64_t fold = row * request.folds / panel->length(series);
          const int64_t begin =
              in_time ? (s == series ? row : length * fold / request.folds) : length - after;
          const int64_t end = in_time ? length * (fold + 1) / request.folds : length;
          for (int64_t t = begin; t < end; ++t) target[static_cast<size_t>(t)] = 1e5;
        }
        const ForecastTable wild =
            f.cross_validate(std::make_shared<const data::Panel>(other), request);
        for (size_t c = 0; c < calm.values.size(); ++c) {
          for (size_t h = 0; h < kHorizon; ++h)
            ASSERT_EQ(calm.values[c][block * kHorizon + h], wild.values[c][block * kHorizon + h])
                << "block " << block << ", column " << c;
        }
        EXPECT_NE(calm.actual, wild.actual);
      }
    }
  }
}

TEST(CrossValidation, PurgedRowsAreNotLearned) {
  const PanelPointer panel = shared_sine_panel({30});
  CrossValidationRequest request;
  const Forecaster f(small_config("standard"));
  data::Panel other = *panel;
  other.mutable_target(0)[24] = 50;  // the cutoff is after row 25, the network reads rows 20 to 25
  const auto spiked = std::make_shared<const data::Panel>(other);
  request.purge = 2;
  const ForecastTable calm = f.cross_validate(panel, request),
                      wild = f.cross_validate(spiked, request);
  EXPECT_NE(calm.values, wild.values);  // it reads the row
  // Weights and scalers do not: forecasts of a state that was fitted on rows 0 to 23.
  Forecaster fitted(small_config("standard"));
  const std::vector<data::Piece> known = {{0, 0, 24}};
  fitted.fit(std::make_shared<const data::Panel>(panel->select(known)), {});
  const std::vector<data::Piece> read = {{0, 0, 26}};
  PredictRequest frozen;
  frozen.refit_series_scaler = false;
  EXPECT_EQ(fitted.predict(std::make_shared<const data::Panel>(other.select(read)), frozen).values,
            wild.values);
}

TEST(CrossValidation, ThreadsChangeNothing) {
  const PanelPointer panel = shared_sine_panel({30, 27, 33});
  const Forecaster f(small_config("standard"));
  for (CrossValidationRequest request : every_kind()) {
    const ForecastTable one = f.cross_validate(panel, request);
    for (const int threads : {2, 5}) {
      request.threads = threads;
      EXPECT_EQ(f.cross_validate(panel, request).values, one.values) << threads;
    }
  }
}

TEST(CrossValidation, TheFirstErrorOfWindowsSideBySideIsTheOneThatIsThrown) {
  json config = small_config("none");
  config["models"] = {{{"type", "MLP"},
                       {"options",
                        {{"maxSteps", 200},
                         {"optimizer", "sgd"},
                         {"learningRate", 1000},
                         {"loss", "MSE"},
                         {"scalerType", "identity"}}}}};
  const Forecaster f(config);
  CrossValidationRequest request;
  request.windows = 4;
  request.refit = 1;
  const auto message = [&](int threads) {
    request.threads = threads;
    const Error error = failure([&] { f.cross_validate(shared_sine_panel({30}), request); });
    EXPECT_EQ(error.code(), Code::diverged);
    return error.message();
  };
  EXPECT_EQ(message(4), message(1));
}

TEST(CrossValidation, FoldsNeedModelsThatKnowNoPlaces) {
  const json mixer = {{"nSeries", 2}, {"ffDim", 4}, {"maxSteps", 1}};
  json config = small_config("none");
  config["models"] = {{{"type", "TSMixer"}, {"options", mixer}}};
  CrossValidationRequest request;
  request.folds_over = Folds::series;
  request.folds = 2;
  const Error error = failure([&] {
    Forecaster(config).cross_validate(shared_sine_panel({30, 30}), request);
  });
  EXPECT_EQ(error.code(), Code::config);
  EXPECT_NE(error.message().find("multivariate model TSMixer"), std::string::npos);
}

class Checkpoint : public ::testing::Test {
 protected:
  Checkpoint() { std::filesystem::remove_all(folder_); }
  ~Checkpoint() override { std::filesystem::remove_all(folder_); }
  CrossValidationRequest request(int64_t windows = 4) const {
    CrossValidationRequest r;
    r.windows = windows;
    r.refit = 1;
    r.checkpoint = (folder_ / "cv").string();
    r.description = "windows " + std::to_string(windows);
    return r;
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_ / "cv"),
                                             std::filesystem::directory_iterator()));
  }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("nd-parts-" + std::to_string(::getpid()));
  PanelPointer panel_ = shared_sine_panel({30, 27});
  Forecaster forecaster_{small_config("standard")};
};

TEST_F(Checkpoint, AStoppedRunGoesOnWithTheSameResult) {
  CrossValidationRequest plain = request();
  plain.checkpoint = "";
  const ForecastTable expected = forecaster_.cross_validate(panel_, plain);
  for (const int64_t stop : {0, 1, 3}) {
    for (const int threads : {1, 3}) {
      std::filesystem::remove_all(folder_);
      CrossValidationRequest stopped = request();
      CancelToken cancel;
      stopped.cancel = &cancel;
      stopped.threads = threads;
      stopped.on_progress = [&](const std::string&, const FitPlace& fit, const train::Progress&) {
        if (fit.window == stop) cancel.cancel();
      };
      EXPECT_EQ(failure([&] { forecaster_.cross_validate(panel_, stopped); }).code(),
                Code::aborted);
      const size_t kept = files();
      if (threads == 1) {
        EXPECT_EQ(kept, static_cast<size_t>(stop));
      }
      CrossValidationRequest again = request();
      std::set<int64_t> trained;
      again.on_progress = [&](const std::string&, const FitPlace& fit, const train::Progress&) {
        trained.insert(fit.window);
      };
      const ForecastTable table = forecaster_.cross_validate(panel_, again);
      EXPECT_EQ(trained.size(), 4 - kept);
      EXPECT_EQ(table.values, expected.values);
      EXPECT_EQ(table.cutoffs, expected.cutoffs);
      EXPECT_EQ(files(), 4U);
    }
  }
}

TEST_F(Checkpoint, IsOfOneCallOnly) {
  forecaster_.cross_validate(panel_, request());
  const auto refused = [&](const Forecaster& f, const PanelPointer& panel,
                           const CrossValidationRequest& r) {
    const Error error = failure([&] { f.cross_validate(panel, r); });
    EXPECT_NE(error.message().find("other options, models or data"), std::string::npos);
    return error.code();
  };
  EXPECT_EQ(refused(forecaster_, panel_, request(3)), Code::config);
  EXPECT_EQ(refused(Forecaster(small_config("none")), panel_, request()), Code::config);
  data::Panel other = *panel_;
  other.mutable_target(1)[3] += 1e-9;
  const auto changed = std::make_shared<const data::Panel>(std::move(other));
  EXPECT_EQ(refused(forecaster_, changed, request()), Code::config);
}

TEST_F(Checkpoint, DamagedFilesAndImpossibleFoldersAreSaid) {
  forecaster_.cross_validate(panel_, request());
  std::ofstream(folder_ / "cv" / "part-2.safetensors", std::ios::trunc) << "half";
  const Error damaged = failure([&] { forecaster_.cross_validate(panel_, request()); });
  EXPECT_EQ(damaged.code(), Code::file);
  EXPECT_NE(damaged.message().find("part-2.safetensors"), std::string::npos);
  CrossValidationRequest below = request();
  below.checkpoint = (folder_ / "cv" / "part-1.safetensors" / "deeper").string();
  EXPECT_EQ(failure([&] { forecaster_.cross_validate(panel_, below); }).code(), Code::file);
}

}  // namespace
}  // namespace nd::forecast

#include "forecast/teaching.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "forecast/model_windows.h"
#include "forecast/panel_digest.h"
#include "forecast/transfer.h"
#include "losses/distillation.h"
#include "train/exogenous.h"

namespace nd::forecast {

namespace {
constexpr const char* kPlace = "fit";
constexpr const char* kDetails = R"({"option":"distill"})";
constexpr size_t kMostWindows = 1024;  // that are forecast together

std::string name_of(const ModelConfig& teacher) { return "the teacher " + teacher.alias; }

[[noreturn]] void refuse(Code code, const std::string& what) {
  throw Error(code, std::string("[") + kPlace + "] " + what, kDetails);
}

/// What holds for all students of a teacher.
void check_teacher(const State& teacher, const ModelConfig& model, const State& student,
                   const data::Panel& panel) {
  const int64_t horizon = student.config->horizon;
  if (teacher.config->horizon != horizon)
    refuse(Code::horizon, "received " + name_of(model) + " of horizon " +
                              std::to_string(teacher.config->horizon) + ", expected one of " +
                              std::to_string(horizon) + ", as the student");
  if (teacher.frequency.text() != panel.frequency().text())
    refuse(Code::data, "received " + name_of(model) + " of frequency " + teacher.frequency.text() +
                           ", expected one of " + panel.frequency().text() + ", as the data");
  if (panel.has_missing() && !teacher.config->mask_missing)
    refuse(Code::data, "received missing targets and " + name_of(model) +
                           " with missing: 'error', expected one with missing: 'mask'");
  train::check_columns(model.exogenous.names(), panel, name_of(model), kPlace);
  windows_for(model, *teacher.ids, panel, ends_of(panel), kPlace);
}

/// Forecasts of a teacher in the scale that a student trains in.
class PanelTeacher final : public train::Teacher {
 public:
  struct Scaled {
    data::SeriesScaler scaler;
    const std::vector<data::SeriesStatistics>& statistics;
    double into(size_t series, double y) const {
      return data::scale_value(scaler, statistics[series], y);
    }
    double out_of(size_t series, double z) const {
      return data::unscale_value(scaler, statistics[series], z);
    }
  };
  /// `seen`: `panel` as the teacher's network sees it.
  PanelTeacher(const Teaching& teaching, ForecastColumns columns, const data::Panel& panel,
               const data::Panel& seen, Scaled from, Scaled to)
      : state_(*teaching.state),
        index_(teaching.model),
        columns_(std::move(columns)),
        panel_(panel),
        seen_(seen),
        from_(from),
        to_(to) {}

  std::span<const double> forecast(std::span<const data::WindowRef> windows,
                                   const data::WindowLayout& layout, parallel::Team* team,
                                   const CancelToken* cancel) override {
    if (!forecaster_)
      forecaster_.emplace(model(), state_.models[index_], columns_,
                          kMostWindows * static_cast<size_t>(model().network->geometry().series),
                          *team, cancel);
    list_distinct(windows, layout.input_size);
    const auto horizon = static_cast<size_t>(model().network->geometry().horizon);
    const size_t width = columns_.size(), per_window = horizon * width,
                 taken = static_cast<size_t>(layout.horizon) * width;
    check_internal(taken <= per_window, "a teacher forecasts all steps of its student");
    known_.resize(origins_.size() * taken);
    const WindowList list = windows_for(model(), *state_.ids, panel_, origins_, kPlace);
    forecaster_->run(seen_, list.at, [&](size_t first, std::span<const double> values) {
      for (size_t w = 0; w * per_window < values.size(); ++w) {
        const size_t origin = list.origin[first + w];
        if (origin == kNowhere) continue;
        const auto series = static_cast<size_t>(list.at[first + w].series);
        for (size_t i = 0; i < taken; ++i)
          known_[origin * taken + i] = translated(values[w * per_window + i], series);
      }
    });
    forecasts_.resize(windows.size() * taken);
    for (size_t i = 0; i < windows.size(); ++i)
      std::copy_n(known_.begin() + static_cast<std::ptrdiff_t>(origin_of_[i] * taken), taken,
                  forecasts_.begin() + static_cast<std::ptrdiff_t>(i * taken));
    return forecasts_;
  }

 private:
  const ModelConfig& model() const { return state_.config->models[index_]; }

  /// The moments from which the windows are forecast, each once.
  void list_distinct(std::span<const data::WindowRef> windows, int64_t input_size) {
    order_.resize(windows.size()), origin_of_.resize(windows.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::ranges::sort(order_, {},
                      [&](size_t i) { return std::tuple(windows[i].series, windows[i].start, i); });
    origins_.clear();
    for (const size_t i : order_) {
      const Origin at{windows[i].series, windows[i].start + input_size};
      if (origins_.empty() || origins_.back().series != at.series || origins_.back().row != at.row)
        origins_.push_back(at);
      origin_of_[i] = origins_.size() - 1;
    }
  }

  double translated(double forecast, size_t series) const {
    const double value = to_.into(series, from_.out_of(series, forecast));
    if (std::isfinite(value)) return value;
    refuse(Code::data, name_of(model()) + " gave a forecast of " + std::to_string(value) +
                           " for the series \"" + panel_.ids()[series] +
                           "\", in the scale of the student; expected finite values. Are the data "
                           "far outside those that it learned?");
  }

  const State& state_;
  size_t index_;
  ForecastColumns columns_;
  const data::Panel &panel_, &seen_;
  Scaled from_, to_;
  std::optional<ModelForecaster> forecaster_;
  std::vector<size_t> order_, origin_of_;
  std::vector<Origin> origins_;
  std::vector<double> known_, forecasts_;
};

/// The network of `model` with the same weights and another loss.
std::shared_ptr<const Network> with_loss(const ModelConfig& model, Loss loss) {
  const Network& own = *model.network;
  return std::make_shared<const Network>(own.spec(), own.options(), own.geometry(),
                                         std::move(loss));
}

/// A recurrent network that trains on several steps reads the targets between them, which a teacher
/// that forecasts all of them at once has not.
void check_steps(const ModelConfig& student) {
  const Network& network = *student.network;
  if (!network.recurrent() || network.window(Use::train).horizon == 1) return;
  refuse(Code::config, student.alias + ": received distill with recurrent = true and " +
                           std::to_string(network.window(Use::train).horizon) +
                           " steps per window, expected hTrain = 1 and no horizonWeight, or "
                           "recurrent = false");
}
}  // namespace

std::shared_ptr<const Teaching> Forecaster::teaching(const std::string& alias,
                                                     double weight) const {
  const size_t model = impl_->config->find(alias, kPlace);
  const auto state = impl_->current();
  if (state == nullptr || !state->models[model].trained)
    refuse(Code::not_fitted, "received " + name_of(impl_->config->models[model]) +
                                 ", which is not fitted, expected a fitted one");
  if (!(weight > 0 && weight <= 1))
    refuse(Code::config, "received distill.weight = " + number_text(weight, false) +
                             ", expected a number in (0, 1]");
  return std::make_shared<const Teaching>(Teaching{state, model, weight});
}

std::string teaching_digest(const Teaching& teaching) {
  return text_digest(config_json(*teaching.state->config).dump() + '\0' +
                     weights_digest(*teaching.state) + '\0' + std::to_string(teaching.model) +
                     '\0' + nlohmann::json(teaching.weight).dump());
}

Students::Students(std::shared_ptr<const Teaching> teaching, const State& student,
                   const data::Panel& panel)
    : teaching_(std::move(teaching)) {
  if (teaching_ == nullptr) return;
  const State& teacher = *teaching_->state;
  const ModelConfig& model = teacher.config->models[teaching_->model];
  check_teacher(teacher, model, student, panel);
  scales_ = panel_scales(*teacher.config, panel);
  copy_ = network_panel(*teacher.config, scales_, teacher.vocabularies, panel, kPlace);
  for (const ModelConfig& one : student.config->models) {
    check_steps(one);
    const Loss &loss = one.network->loss(), &taught = model.network->loss();
    Lesson lesson = lesson_for(loss, taught, one.alias + ": received " + name_of(model));
    students_.push_back(
        {with_loss(one, loss.distilled({teaching_->weight, std::move(lesson.masses)})),
         std::make_unique<PanelTeacher>(
             *teaching_, std::move(lesson.columns), panel, copy_ ? *copy_ : panel,
             PanelTeacher::Scaled{teacher.config->series_scaler, scales_.target},
             PanelTeacher::Scaled{student.config->series_scaler, student.scales.target})});
  }
}

Students::~Students() = default;

void Students::enrol(size_t model, train::TrainRequest& request) const {
  if (teaching_ == nullptr) return;
  request.network = students_[model].network.get();
  request.teacher = students_[model].teacher.get();
}

}  // namespace nd::forecast

#include "train/one_batch.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "train/readout.h"
#include "train/schedule.h"
#include "train/trial.h"

namespace nd::train {

namespace {
std::vector<double> doubles(std::span<const float> values) {
  return {values.begin(), values.end()};
}

/// What the losses of one batch are divided by, or are instead.
class Judge {
 public:
  Judge(const TrainRequest& request, StepGradient& gradient)
      : r_(request), gradient_(gradient), loss_(request.network->loss()) {
    const WindowSize window = request.network->window(Use::train);
    input_size_ = window.input_size, horizon_ = window.horizon;
  }

  /// The normalised loss of the batch that was just run, whose training loss is `loss`.
  double normalised(double loss) {
    if (loss_.distribution() != nullptr) return error_of_mean();
    if (scale_ == 0) scale_ = checked(loss_of_mean());
    return loss / scale_;
  }

 private:
  static double checked(double scale) {
    if (scale > 0) return scale;
    throw Error(Code::data,
                "[checkOneBatch] received a batch in which all targets are the same, expected "
                "values that differ: their mean already is a perfect forecast of it");
  }

  size_t rows() const { return static_cast<size_t>(gradient_.batch().count()); }
  size_t targets() const { return rows() * static_cast<size_t>(horizon_); }
  /// Of each target: mask and weights as training has them, [rows · H].
  std::vector<double> weights() {
    return doubles(gradient_.plan().input(io_names::kWeight).first(targets()));
  }

  static double mean_of(std::span<const double> y, std::span<const double> weight) {
    double sum = 0, total = 0;
    for (size_t i = 0; i < y.size(); ++i)
      if (weight[i] > 0) sum += weight[i] * y[i], total += weight[i];
    return total > 0 ? sum / total : 0;
  }

  /// The loss of a network that gives the mean of the targets, as scaled for it.
  double loss_of_mean() {
    const WindowBatch& batch = gradient_.batch();
    const auto inputs = rows() * static_cast<size_t>(input_size_);
    const std::vector<double> y = doubles(batch.outsample_y().first(targets()));
    const std::vector<double> weight = weights();
    const auto columns = static_cast<size_t>(loss_.columns().size());
    const std::vector<double> forecast(targets() * columns, mean_of(y, weight));
    const std::vector<double> insample_y = doubles(batch.insample_y().first(inputs)),
                              insample_mask = doubles(batch.insample_mask().first(inputs)),
                              w = unweighted(weight);
    return evaluate_loss(loss_, {static_cast<int64_t>(rows()), horizon_, input_size_, y, forecast,
                                 w, insample_y, insample_mask});
  }

  /// Without the weights of steps, which the loss applies itself.
  std::vector<double> unweighted(std::vector<double> weight) const {
    const std::vector<double>& steps = loss_.horizon_weight();
    for (size_t i = 0; i < weight.size() && !steps.empty(); ++i) {
      const double w = steps[i % steps.size()];
      if (w > 0) weight[i] /= w;
    }
    return weight;
  }

  /// Squared errors of the mean of the distribution over those of the mean of the targets, both in
  /// units of each window's scaler.
  double error_of_mean() {
    const Readout readout(loss_, loss_.columns(), data::parse_window_scaler(r_.config.scaler_type));
    const std::span<const float> raw =
        static_cast<const Plan&>(gradient_.plan()).output(io_names::kForecast);
    const auto h = static_cast<size_t>(horizon_), outputs = static_cast<size_t>(loss_.outputs());
    const std::vector<double> weight = weights();
    std::vector<double> y(targets()), forecast(targets()), columns(h * readout.size());
    for (size_t row = 0; row < rows(); ++row) {
      const data::WindowStatistics& s = gradient_.batch().statistics(static_cast<int64_t>(row));
      readout.read(s, raw.subspan(row * h * outputs, h * outputs), columns);
      const data::WindowRef& window = gradient_.draw().windows[row];
      const std::span<const double> series = r_.panel->target(window.series);
      for (size_t t = 0; t < h; ++t) {
        const size_t i = row * h + t;
        if (weight[i] <= 0) continue;
        const auto at = static_cast<size_t>(window.start + input_size_) + t;
        y[i] = (series[at] - s.shift) / s.scale;
        forecast[i] = (columns[t * readout.size() + readout.columns().point()] - s.shift) / s.scale;
      }
    }
    const double mean = mean_of(y, weight);
    double error = 0, spread = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      error += weight[i] * (forecast[i] - y[i]) * (forecast[i] - y[i]);
      spread += weight[i] * (mean - y[i]) * (mean - y[i]);
    }
    return error / checked(spread);
  }

  const TrainRequest& r_;
  StepGradient& gradient_;
  const Loss& loss_;
  int64_t input_size_ = 0, horizon_ = 0;
  double scale_ = 0;  // of the batch; 0: not known yet
};
}  // namespace

OneBatchResult check_one_batch(TrainRequest request, FloatBuffer& parameters,
                               const OneBatchOptions& options) {
  request.config.windows_batch_size = options.windows;
  request.config.max_steps = options.steps;
  Trial trial(request, parameters, Trial::Windows::one_batch);
  Judge judge(request, trial.gradient());
  OneBatchResult result;
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  // One more than the updates: the loss after the last one counts.
  for (int64_t i = 0; i <= options.steps && !result.passed; ++i) {
    const double rate = cosine_lr(request.config.learning_rate, 0, i, options.steps);
    const double loss = judge.normalised(trial.step(rate));
    result.losses.push_back(loss);
    if (!std::isfinite(loss)) break;
    result.passed = loss < options.tolerance;
    if (request.on_progress) request.on_progress({i, options.steps, loss, kNaN});
  }
  return result;
}

}  // namespace nd::train

#include "train/training_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"

namespace nd::train {

namespace {
constexpr double kMostSteps = 9e15;  // whole numbers that a double holds exactly

/// One list of the scalars, for both directions: `visit(value)` for each of them, in order.
template <class State, class Visit>
void visit_scalars(State& s, const Visit& visit) {
  visit(s.result.steps), visit(s.result.train_loss), visit(s.result.valid_loss);
  visit(s.result.stopped_early), visit(s.result.out_of_time), visit(s.result.best_step);
  visit(s.optimizer.count);
  visit(s.plateau.rate), visit(s.plateau.best), visit(s.plateau.waited);
  visit(s.early.best), visit(s.early.best_step), visit(s.early.waited);
  visit(s.finished);
}

/// Reads numbers one after the other.
class Reader {
 public:
  Reader(const std::vector<double>& from, const std::string& place) : from_(from), place_(place) {}
  void operator()(double& value) const { value = next(); }
  void operator()(bool& value) const { value = next() != 0; }
  void operator()(int64_t& value) const {
    const double read = next();
    if (!(std::abs(read) <= kMostSteps) || read != std::floor(read)) refuse();
    value = static_cast<int64_t>(read);
  }
  size_t left() const { return from_.size() - at_; }
  bool at_end() const { return left() == 0; }
  [[noreturn]] void refuse() const {
    throw Error(Code::file, place_ + ": the state of the training is damaged");
  }

 private:
  double next() const {
    if (at_end()) refuse();
    return from_[at_++];
  }
  const std::vector<double>& from_;
  const std::string& place_;
  mutable size_t at_ = 0;
};

std::vector<double> flattened(const std::vector<HistoryPoint>& points) {
  std::vector<double> flat;
  for (const HistoryPoint& p : points)
    flat.insert(flat.end(), {static_cast<double>(p.step), p.loss});
  return flat;
}

std::vector<HistoryPoint> points(const std::vector<double>& flat, const std::string& place) {
  const Reader read(flat, place);
  std::vector<HistoryPoint> all;
  while (!read.at_end()) {
    HistoryPoint& point = all.emplace_back();
    read(point.step), read(point.loss);
  }
  return all;
}

std::vector<double> flattened(const std::optional<GradientHistory>& gradients) {
  if (!gradients) return {};
  std::vector<double> flat = {static_cast<double>(gradients->weights.size()),
                              static_cast<double>(gradients->steps.size())};
  const auto add = [&](const auto& list) {
    for (const auto value : list) flat.push_back(static_cast<double>(value));
  };
  add(gradients->weights), add(gradients->steps), add(gradients->norms);
  for (const GradientWarning& w : gradients->warnings) {
    add(std::vector<int64_t>{w.weight, w.exploding ? 1 : 0, w.first_step, w.last_step, w.steps});
    flat.push_back(w.norm);
  }
  return flat;
}

std::optional<GradientHistory> gradients(const std::vector<double>& flat,
                                         const std::string& place) {
  if (flat.empty()) return {};
  const Reader read(flat, place);
  GradientHistory history;
  int64_t weights = 0, steps = 0;
  read(weights), read(steps);
  const auto most = static_cast<int64_t>(flat.size());  // keeps the product below from overflowing
  if (weights < 0 || steps < 0 || weights > most || steps > most ||
      static_cast<double>(weights) * static_cast<double>(steps) > static_cast<double>(most))
    read.refuse();
  history.weights.resize(static_cast<size_t>(weights));
  history.steps.resize(static_cast<size_t>(steps));
  history.norms.resize(static_cast<size_t>(weights * steps));
  for (int64_t& weight : history.weights) read(weight);
  for (int64_t& step : history.steps) read(step);
  for (double& norm : history.norms) read(norm);
  // Names are looked up by these, and rows have a column for each.
  if (std::ranges::adjacent_find(history.weights, std::ranges::greater_equal()) !=
          history.weights.end() ||
      (weights > 0 && history.weights.front() < 0))
    read.refuse();
  while (!read.at_end()) {
    GradientWarning& w = history.warnings.emplace_back();
    read(w.weight), read(w.exploding), read(w.first_step), read(w.last_step), read(w.steps);
    read(w.norm);
    if (!std::ranges::binary_search(history.weights, w.weight)) read.refuse();
  }
  return history;
}
}  // namespace

TrainingNumbers to_numbers(const TrainingState& state) {
  TrainingNumbers numbers;
  visit_scalars(state, [&](auto value) { numbers.scalars.push_back(static_cast<double>(value)); });
  numbers.train_history = flattened(state.result.train_history);
  numbers.valid_history = flattened(state.result.valid_history);
  numbers.learning_rates = state.result.learning_rates;
  numbers.gradients = flattened(state.result.gradients);
  return numbers;
}

void from_numbers(const TrainingNumbers& numbers, const std::string& place, TrainingState& state) {
  const Reader read(numbers.scalars, place);
  visit_scalars(state, read);
  if (!read.at_end() || state.result.steps < 0 || state.optimizer.count < 0) read.refuse();
  state.result.train_history = points(numbers.train_history, place);
  state.result.valid_history = points(numbers.valid_history, place);
  state.result.learning_rates = numbers.learning_rates;
  const size_t count = state.result.train_history.size();
  if (numbers.learning_rates.empty())
    state.result.learning_rates.assign(count, std::numeric_limits<double>::quiet_NaN());
  if (state.result.learning_rates.size() != count) read.refuse();
  state.result.gradients = gradients(numbers.gradients, place);
}

}  // namespace nd::train

#include "train/training_state.h"

#include <cmath>
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
  bool at_end() const { return at_ == from_.size(); }
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
}  // namespace

TrainingNumbers to_numbers(const TrainingState& state) {
  TrainingNumbers numbers;
  visit_scalars(state, [&](auto value) { numbers.scalars.push_back(static_cast<double>(value)); });
  numbers.train_history = flattened(state.result.train_history);
  numbers.valid_history = flattened(state.result.valid_history);
  return numbers;
}

void from_numbers(const TrainingNumbers& numbers, const std::string& place, TrainingState& state) {
  const Reader read(numbers.scalars, place);
  visit_scalars(state, read);
  if (!read.at_end() || state.result.steps < 0 || state.optimizer.count < 0) read.refuse();
  state.result.train_history = points(numbers.train_history, place);
  state.result.valid_history = points(numbers.valid_history, place);
}

}  // namespace nd::train

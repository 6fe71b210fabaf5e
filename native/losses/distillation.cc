#include "losses/distillation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "losses/distributions/math.h"
#include "losses/list.h"
#include "losses/loss.h"
#include "ops/ops.h"

namespace nd {
namespace {

/// Normal scores 0, ±¾, … ±3 of the probabilities at which a distribution is read. Evenly spaced
/// scores weighed by the normal density (the trapezoidal rule) give a normal distribution its
/// variance to 1 %, and no single one stands for more than 0.3 of any other.
constexpr int kScores = 4;
constexpr double kScoreStep = 0.75;

std::vector<double> normalised(std::vector<double> masses) {
  const double sum = std::accumulate(masses.begin(), masses.end(), 0.0);
  for (double& mass : masses) mass /= sum;
  return masses;
}

std::vector<double> equal(size_t count) { return normalised(std::vector<double>(count, 1.0)); }

/// Columns without names: nobody sees them.
ForecastColumns columns_of(bool mean, std::vector<double> quantiles) {
  ForecastColumns columns;
  columns.mean = mean;
  columns.quantiles = std::move(quantiles);
  columns.suffixes.resize(columns.quantiles.size() + (mean ? 1 : 0));
  return columns;
}

/// A distribution through nine of its quantiles.
Lesson of_distribution() {
  Lesson lesson;
  std::vector<double> probabilities;
  for (int i = -kScores; i <= kScores; ++i) {
    const double z = i * kScoreStep;
    probabilities.push_back(0.5 * std::erfc(-z / std::sqrt(2.0)));
    lesson.masses.push_back(std::exp(-z * z / 2));
  }
  lesson.columns = columns_of(false, std::move(probabilities));
  lesson.masses = normalised(std::move(lesson.masses));
  return lesson;
}

/// Known quantiles, each for the probabilities that are closer to it than to another.
Lesson of_quantiles(std::vector<double> known) {
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
  Lesson lesson;
  for (size_t i = 0; i < known.size(); ++i) {
    const double low = i == 0 ? 0 : (known[i - 1] + known[i]) / 2,
                 high = i + 1 == known.size() ? 1 : (known[i] + known[i + 1]) / 2;
    lesson.masses.push_back(high - low);
  }
  lesson.columns = columns_of(false, std::move(known));
  return lesson;
}

[[noreturn]] void refuse(const std::string& names, const std::string& what) {
  throw Error(Code::config, "[fit] " + names + what, R"({"option":"distill"})");
}

/// Whether the loss is of points rather than of a quantile that has a name.
bool is_point(const Loss& loss) { return loss.output_names().front().empty(); }

Lesson lesson_of_distribution(const Loss& student, const Loss& teacher, const std::string& names) {
  const bool linear = student.distribution()->linear();
  if (teacher.distribution() != nullptr) {
    if (!linear) return of_distribution();
    return {columns_of(true, {}), {1.0}};
  }
  if (!is_single(teacher)) return of_quantiles(teacher.trained_quantiles());
  if (linear && is_point(teacher)) return {teacher.columns(), {1.0}};
  refuse(names, ", whose " + std::string(teacher.spec().name) +
                    " forecasts one number per step, expected one with quantiles or a "
                    "distribution: a distribution is more than its mean");
}
}  // namespace

Lesson lesson_for(const Loss& student, const Loss& teacher, const std::string& names) {
  if (student.spec().implicit != nullptr) {
    refuse(names, ", expected a student with another loss than " +
                      std::string(student.spec().name) +
                      ", whose outputs have no fixed probabilities at which to ask a teacher");
  }
  if (student.distribution() != nullptr) return lesson_of_distribution(student, teacher, names);
  const std::vector<double>& wanted = student.trained_quantiles();
  std::vector<double> masses = equal(wanted.size());
  if (teacher.distribution() != nullptr) {
    if (is_single(student) && is_point(student)) return {columns_of(true, {}), std::move(masses)};
    return {columns_of(false, wanted), std::move(masses)};
  }
  const std::vector<double>& known = teacher.trained_quantiles();
  if (is_single(teacher)) {
    if (wanted == known) return {teacher.columns(), std::move(masses)};
    refuse(names, ", whose " + std::string(teacher.spec().name) +
                      " forecasts one number per step, expected one with quantiles or a "
                      "distribution: the student's " +
                      std::string(student.spec().name) + " learns quantiles");
  }
  const auto [least, most] = std::ranges::minmax(known);
  for (const double q : wanted) {
    if (q >= least && q <= most) continue;
    refuse(names, ", whose loss learned quantiles from " + number_text(least, false) + " to " +
                      number_text(most, false) + ", expected one that gives the student's " +
                      number_text(q, false) + " too; a distribution gives any");
  }
  return {columns_of(false, wanted), std::move(masses)};
}

Var distillation_loss(Graph& graph, const Loss& loss, const LossInputs& in) {
  const std::vector<double>& masses = loss.distillation()->masses;
  const auto count = static_cast<int64_t>(masses.size());
  if (loss.distribution() == nullptr) {
    const Var error = where(in.weight, in.y_hat - in.teacher, graph.constant(0.0));
    return weighted_mean(error * error * graph.constant(Shape::fixed({count}), masses), in);
  }
  Var sum;
  for (int64_t k = 0; k < count; ++k) {
    LossInputs at = in;
    at.y = slice(in.teacher, 2, k, k + 1);
    at.target = slice(in.teacher_target, 2, k, k + 1);
    const Var part = loss.build(graph, at) * masses[static_cast<size_t>(k)];
    sum = sum.valid() ? sum + part : part;
  }
  return sum;
}

}  // namespace nd

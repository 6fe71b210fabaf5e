#include "models/recurrent_plan.h"

#include <algorithm>

#include "base/error.h"
#include "models/network.h"

namespace nd {

namespace {
/// Each of `windows` rows of `from` as often as `to` has room for.
void repeat_rows(std::span<const float> from, int64_t windows, std::span<float> to) {
  const auto count = static_cast<size_t>(windows), width = from.size() / count,
             times = to.size() / from.size();
  for (size_t row = 0; row < count * times; ++row)
    std::ranges::copy(from.subspan(row / times * width, width),
                      to.subspan(row * width, width).begin());
}
}  // namespace

RecurrentPlan::RecurrentPlan(std::unique_ptr<Plan> context, std::unique_ptr<Plan> step,
                             const Graph& step_graph, const Geometry& geometry,
                             const Feedback& feedback)
    : context_(std::move(context)),
      step_(std::move(step)),
      geometry_(geometry),
      feedback_(feedback) {
  for (const auto& [name, id] : step_graph.outputs())
    for (const Node& node : step_graph.nodes())
      if (node.kind == NodeKind::input && next_name(node.name) == name)
        states_.push_back(node.name);
  const int64_t B = context_->windows();
  check_internal(rows() == B * feedback_.draws.paths, "a step has one row per path");
  forecast_.resize(static_cast<size_t>(rows() * geometry_.horizon * geometry_.outputs));
  if (feedback_.draws.draw) {
    next_.resize(static_cast<size_t>(rows()));
    outputs_.resize(static_cast<size_t>(rows() * geometry_.outputs));
  }
  if (feedback_.distribution != nullptr) {
    loc_.assign(static_cast<size_t>(B), 0.0F);
    scale_.assign(static_cast<size_t>(B), 1.0F);
  }
  for (const char* name : {io_names::kFutrExog, io_names::kFutrCategories}) {
    if (!step_->has_input(name)) continue;
    const auto columns = static_cast<int64_t>(step_->input(name).size()) / rows(),
               context_size = static_cast<int64_t>(context_->input(name).size());
    known_.push_back({name, columns, {}});
    known_.back().values.resize(
        static_cast<size_t>(context_size + B * (geometry_.horizon - 1) * columns));
  }
  for (const char* name : {io_names::kHistExog, io_names::kHistCategories})
    if (step_->has_input(name)) std::ranges::fill(step_->input(name), 0.0F);
}

std::span<float> RecurrentPlan::input(std::string_view name) {
  if (!loc_.empty() && name == io_names::kLoc) return loc_;
  if (!loc_.empty() && name == io_names::kScale) return scale_;
  for (Known& known : known_)
    if (name == known.input) return known.values;
  return context_->input(name);
}

bool RecurrentPlan::has_input(std::string_view name) const {
  if (!loc_.empty() && (name == io_names::kLoc || name == io_names::kScale)) return true;
  return context_->has_input(name);
}

void RecurrentPlan::copy_state(const Plan& from) {
  for (const std::string& state : states_)
    repeat_rows(from.output(next_name(state)), from.windows(), step_->input(state));
}

float RecurrentPlan::mean_forecast(int64_t window, int64_t tau) const {
  const int64_t Q = geometry_.outputs;
  const float* outputs = forecast_.data() + (window * geometry_.horizon + tau) * Q;
  if (feedback_.distribution != nullptr)
    return static_cast<float>(
        mean_of_distribution(window, std::span(outputs, static_cast<size_t>(Q))));
  float sum = 0;
  for (int64_t q = 0; q < Q; ++q) sum += outputs[q];
  return sum / static_cast<float>(Q);
}

double RecurrentPlan::mean_of_distribution(int64_t window, std::span<const float> outputs) const {
  const auto row = static_cast<size_t>(window);
  const double loc = loc_[row], scale = scale_[row];
  const std::vector<double> raw(outputs.begin(), outputs.end());
  std::vector<double> parameters(static_cast<size_t>(feedback_.distribution->size()));
  feedback_.distribution->parameters(raw, loc, scale, parameters);
  const double z = (feedback_.distribution->mean(parameters) - loc) / scale;
  return feedback_.to_network == nullptr ? z : feedback_.to_network(z);
}

void RecurrentPlan::feed_context() {
  const int64_t B = windows();
  for (const Known& known : known_) {
    const std::span<float> context = context_->input(known.input);
    const auto row = static_cast<int64_t>(context.size()) / B,
               whole = static_cast<int64_t>(known.values.size()) / B;
    for (int64_t b = 0; b < B; ++b)
      std::copy_n(known.values.data() + b * whole, row, context.data() + b * row);
  }
  for (const char* name : {io_names::kStatExog, io_names::kStatCategories})
    if (step_->has_input(name)) repeat_rows(context_->input(name), B, step_->input(name));
}

// Inputs of the step whose forecast is number `tau`, from the forecast before it.
void RecurrentPlan::feed_step(int64_t tau) {
  const int64_t B = windows(), H = geometry_.horizon;
  const std::span<float> y = step_->input(io_names::kInsampleY);
  if (next_.empty())
    for (int64_t b = 0; b < B; ++b) y[static_cast<size_t>(b)] = mean_forecast(b, tau - 1);
  else
    std::ranges::copy(next_, y.begin());
  for (const Known& known : known_) {
    const std::span<float> input = step_->input(known.input);
    const int64_t F = known.columns, row = static_cast<int64_t>(known.values.size()) / B,
                  context = row - (H - 1) * F;
    for (int64_t r = 0; r < rows(); ++r)
      std::copy_n(known.values.data() + r / feedback_.draws.paths * row + context + (tau - 1) * F,
                  F, input.data() + r * F);
  }
}

void RecurrentPlan::keep(const Plan& plan, int64_t tau) {
  const int64_t H = geometry_.horizon, Q = geometry_.outputs;
  const std::span<const float> given = plan.output(io_names::kForecast);
  const int64_t times = rows() / plan.windows();
  for (int64_t r = 0; r < rows(); ++r)
    std::copy_n(given.data() + r / times * Q, Q, forecast_.data() + (r * H + tau) * Q);
  if (next_.empty()) return;
  repeat_rows(given, plan.windows(), outputs_);
  feedback_.draws.draw(tau, outputs_, next_);
}

void RecurrentPlan::run(const RunArgs& args) {
  const int64_t B = windows(), H = geometry_.horizon, Q = geometry_.outputs;
  feed_context();
  context_->run(args);
  keep(*context_, 0);
  step_is_stale_ = step_is_stale_ || args.parameters_changed;
  for (int64_t tau = 1; tau < H; ++tau) {
    feed_step(tau);
    copy_state(tau == 1 ? *context_ : *step_);
    RunArgs step = args;
    step.parameters_changed = step_is_stale_;
    step_->run(step);
    step_is_stale_ = false;
    keep(*step_, tau);
  }
  if (!feedback_.replaces_outputs) return;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t tau = 0; tau < H; ++tau)
      std::fill_n(forecast_.begin() + (b * H + tau) * Q, Q, mean_forecast(b, tau));
}

std::span<const float> RecurrentPlan::output(std::string_view name) const {
  check_internal(name == io_names::kForecast, "a recurrent plan gives the forecast alone");
  return forecast_;
}

int64_t RecurrentPlan::memory_bytes() const {
  size_t kept = forecast_.size();
  for (const Known& known : known_) kept += known.values.size();
  return context_->memory_bytes() + step_->memory_bytes() +
         static_cast<int64_t>(kept * sizeof(float));
}

}  // namespace nd

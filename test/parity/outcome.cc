#include "outcome.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/options.h"
#include "losses/loss.h"

namespace nd::parity {

using nlohmann::json;

void Outcome::check(const std::string& name, double error, double limit, const std::string& where) {
  const auto found =
      std::find_if(checks_.begin(), checks_.end(), [&](const Check& c) { return c.name == name; });
  if (found == checks_.end()) {
    checks_.push_back({name, error, limit, where});
    return;
  }
  const auto ratio = [](double e, double l) {
    return std::isfinite(e) ? e / l : std::numeric_limits<double>::infinity();
  };
  if (ratio(error, limit) > ratio(found->error, found->limit)) *found = {name, error, limit, where};
}

void Outcome::leave_out(const std::string& reason) {
  if (std::find(left_out_.begin(), left_out_.end(), reason) == left_out_.end())
    left_out_.push_back(reason);
}

nlohmann::ordered_json Outcome::json() const {
  bool holds = problems_.empty();
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Check& c : checks_) {
    holds = holds && c.error <= c.limit;
    nlohmann::ordered_json row = {{"name", c.name}, {"error", nullptr}, {"limit", c.limit}};
    if (std::isfinite(c.error)) row["error"] = c.error;
    if (!c.where.empty()) row["where"] = c.where;
    checks.push_back(std::move(row));
  }
  const bool skipped = checks_.empty() && problems_.empty();
  return {{"folder", folder_},
          {"name", name_},
          {"status", skipped ? "skipped"
                     : holds ? "passed"
                             : "failed"},
          {"checks", checks},
          {"problems", problems_},
          {"leftOut", left_out_}};
}

void guarded(Outcome& outcome, const std::function<void()>& body) {
  try {
    body();
  } catch (const Unavailable& reason) {
    outcome.leave_out(reason.what());
  } catch (const std::exception& error) {
    outcome.fail(error.what());
  }
}

double largest(std::span<const double> values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

double largest_difference(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (std::isnan(difference)) return difference;
    most = std::max(most, difference);
  }
  return most;
}

double relative_difference(std::span<const double> ours, std::span<const double> reference) {
  const double scale = largest(reference);
  return largest_difference(ours, reference) / (scale > 0 ? scale : 1);
}

std::vector<double> flat(const json& nested) {
  std::vector<double> values;
  if (!nested.is_array()) return {nested.get<double>()};
  for (const json& part : nested) {
    const auto more = flat(part);
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

json our_options(const json& reference) {
  json options = json::object();
  for (const auto& [name, value] : reference.items()) {
    std::string ours = name == "level" ? "levels" : camel_case(name);
    ours.front() = lower_case(ours.substr(0, 1)).front();  // the reference's MovingAvg_window
    options[ours] = value;
  }
  return options;
}

json our_loss(const json& reference) {
  const std::string name =
      reference.is_array() ? reference.at(0).get<std::string>() : reference.get<std::string>();
  const LossSpec* spec = nullptr;
  for (const LossSpec* known : loss_list())
    if (known->name == name) spec = known;
  if (spec == nullptr) throw Unavailable("loss " + name + " is not available yet");
  const json options = reference.is_array() ? our_options(reference.at(1)) : json::object();
  for (const auto& [option, value] : options.items()) {
    const bool known =
        std::any_of(spec->params.begin(), spec->params.end(),
                    [&](const ParamSpec& p) { return camel_case(p.name) == option; });
    if (!known) throw Unavailable("option " + option + " of " + name + " is not available yet");
  }
  return {{"type", name}, {"options", options}};
}

json read_json(const std::string& folder, const std::string& file) {
  std::ifstream stream(folder + "/" + file);
  return stream ? json::parse(stream) : json();
}

bool matches(const std::string& name, const std::string& filter) {
  return lower_case(name).find(lower_case(filter)) != std::string::npos;
}

}  // namespace nd::parity

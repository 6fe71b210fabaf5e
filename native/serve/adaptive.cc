#include "serve/adaptive.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace nd::serve {

namespace {
/// Of the bound on one side, both sides sharing what is beyond.
double side_level(double percent) { return 0.5 + percent / 200; }
double sign_of(size_t side) { return side == 0 ? -1 : 1; }

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Code::file, "[adaptiveIntervals] received a state that " + what +
                              ", expected one that toJSON() gave");
}

std::vector<double> numbers_of(const nlohmann::json& json, size_t count) {
  const auto numbers = json.get<std::vector<double>>();
  if (numbers.size() != count) refuse("does not fit its horizon and levels");
  return numbers;
}
}  // namespace

AdaptiveIntervals::AdaptiveIntervals(int64_t horizon, std::vector<double> levels, double rate)
    : horizon_(horizon), levels_(std::move(levels)), rate_(rate) {}

std::vector<forecast::RadiusTracker> AdaptiveIntervals::fresh(
    std::span<const double> errors) const {
  const auto steps = static_cast<size_t>(horizon_);
  std::vector<forecast::RadiusTracker> trackers;
  std::vector<double> scores;
  for (const double level : levels_) {
    for (const size_t side : {0, 1}) {
      for (size_t k = 0; k < steps; ++k) {
        scores.clear();
        for (size_t at = k; at < errors.size(); at += steps)
          if (std::isfinite(errors[at])) scores.push_back(sign_of(side) * errors[at]);
        trackers.emplace_back(side_level(level), rate_, scores);
      }
    }
  }
  return trackers;
}

void AdaptiveIntervals::start(const std::string& name, std::span<const double> errors) {
  all_[name] = {fresh(errors), {}};
}

AdaptiveIntervals::Series& AdaptiveIntervals::series(const std::string& name) {
  const auto found = all_.find(name);
  if (found != all_.end()) return found->second;
  return all_.emplace(name, Series{fresh({}), {}}).first->second;
}

void AdaptiveIntervals::forecast(const std::string& name, std::span<const double> point,
                                 std::span<double> bounds) {
  const size_t steps = point.size();
  if (steps == 0 || steps > static_cast<size_t>(horizon_) ||
      bounds.size() != levels_.size() * 2 * steps) {
    throw Error(Code::shape, "[forecast] received " + std::to_string(steps) +
                                 " steps, expected 1 to " + std::to_string(horizon_));
  }
  for (size_t k = 0; k < steps; ++k) {
    if (std::isfinite(point[k])) continue;
    throw Error(Code::data, "[forecast] step " + std::to_string(k) + " of series \"" + name +
                                "\" is not finite, expected numbers");
  }
  Series& one = series(name);
  for (size_t level = 0; level < levels_.size(); ++level) {
    for (size_t k = 0; k < steps; ++k) {
      const auto bound = [&](size_t side) {
        return point[k] +
               sign_of(side) * one.trackers[place(level, side, static_cast<int64_t>(k))].radius();
      };
      const double low = bound(0), high = bound(1);
      bounds[level * 2 * steps + k] = std::min(low, high);
      bounds[(level * 2 + 1) * steps + k] = std::max(low, high);
    }
  }
  one.pending.push_back({0, {point.begin(), point.end()}});
  // Forecasts may be asked for more often than values arrive: the latest of a moment counts.
  if (one.pending.size() > 1 && one.pending[one.pending.size() - 2].next == 0)
    one.pending.erase(one.pending.end() - 2);
}

void AdaptiveIntervals::update(const std::string& name, double value) {
  Series& one = series(name);
  for (Pending& pending : one.pending) {
    const int64_t step = pending.next++;
    const double error = value - pending.point[static_cast<size_t>(step)];
    if (!std::isfinite(error)) continue;
    for (size_t level = 0; level < levels_.size(); ++level)
      for (const size_t side : {0, 1})
        one.trackers[place(level, side, step)].update(sign_of(side) * error);
  }
  std::erase_if(one.pending, [](const Pending& pending) {
    return pending.next >= static_cast<int64_t>(pending.point.size());
  });
}

nlohmann::ordered_json AdaptiveIntervals::save() const {
  nlohmann::ordered_json out = {{"horizon", horizon_}, {"levels", levels_}, {"rate", rate_}};
  out["series"] = nlohmann::ordered_json::object();
  for (const auto& [name, one] : all_) {
    nlohmann::ordered_json saved;
    for (const auto& tracker : one.trackers) {
      const auto& [multiple, unit, reach] = tracker.state();
      saved["multiples"].push_back(multiple);
      saved["units"].push_back(unit);
      saved["reaches"].push_back(reach);
    }
    saved["pending"] = nlohmann::ordered_json::array();
    for (const Pending& pending : one.pending)
      saved["pending"].push_back({{"next", pending.next}, {"point", pending.point}});
    out["series"][name] = std::move(saved);
  }
  return out;
}

AdaptiveIntervals AdaptiveIntervals::load(const nlohmann::json& json) try {
  const auto horizon = json.at("horizon").get<int64_t>();
  const auto levels = json.at("levels").get<std::vector<double>>();
  const auto rate = json.at("rate").get<double>();
  constexpr int64_t kLongest = 1'000'000;
  if (horizon < 1 || horizon > kLongest || levels.empty() || !(rate > 0 && rate <= 1))
    refuse("has no horizon, levels and rate");
  for (const double level : levels)
    if (!(level > 0 && level < 100)) refuse("has levels out of range");
  AdaptiveIntervals loaded(horizon, levels, rate);
  const size_t count = levels.size() * 2 * static_cast<size_t>(horizon);
  for (const auto& [name, saved] : json.at("series").items()) {
    Series one;
    const auto multiples = numbers_of(saved.at("multiples"), count),
               units = numbers_of(saved.at("units"), count),
               reaches = numbers_of(saved.at("reaches"), count);
    for (size_t i = 0; i < count; ++i) {
      const double level = levels[i / (2 * static_cast<size_t>(horizon))];
      one.trackers.emplace_back(side_level(level), rate,
                                forecast::RadiusTracker::State{multiples[i], units[i], reaches[i]});
    }
    for (const auto& pending : saved.at("pending")) {
      Pending kept{pending.at("next").get<int64_t>(),
                   pending.at("point").get<std::vector<double>>()};
      const auto steps = static_cast<int64_t>(kept.point.size());
      if (kept.next < 0 || kept.next >= steps || steps > horizon) refuse("has a wrong forecast");
      one.pending.push_back(std::move(kept));
    }
    loaded.all_.emplace(name, std::move(one));
  }
  return loaded;
} catch (const nlohmann::json::exception& error) {
  refuse(std::string("is incomplete (") + error.what() + ")");
}

}  // namespace nd::serve

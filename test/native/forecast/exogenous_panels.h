// Two series whose targets follow columns beside them, and models that read these.
#pragma once

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/panel.h"

namespace nd::testing {

using nlohmann::json;
using Values = std::vector<double>;
using PanelPointer = std::shared_ptr<const data::Panel>;

inline constexpr int64_t kHorizon = 3, kRows = 40, kKnown = 34;

inline double promo(int64_t s, int64_t t) { return std::sin(static_cast<double>(t * (s + 2))) + 1; }
inline double weather(int64_t s, int64_t t) { return std::cos(static_cast<double>(t + s)) * 5; }
inline int64_t day(int64_t t) { return t % 3; }

/// `rows` rows of two series whose targets follow their columns; `changed` alters one column in one
/// row.
inline data::RawPanel raw_panel(int64_t rows, const std::string& changed = "",
                                int64_t changed_row = -1) {
  data::RawPanel raw;
  raw.ids = {"a", "b"};
  raw.features = {{"promo", {}}, {"weather", {}}, {"day", {}, {"wed", "mon", "tue"}}, {"idle", {}}};
  raw.statics = {{"size", {1, 3}}, {"region", {0, 1}, {"south", "north"}}};
  for (int64_t s = 0; s < 2; ++s) {
    for (int64_t t = 0; t < rows; ++t) {
      raw.series.push_back(static_cast<int32_t>(s));
      raw.times.push_back(t);
      raw.target.push_back(20 * static_cast<double>(s + 1) + 3 * promo(s, t) +
                           static_cast<double>(day(t)));
      const Values values = {promo(s, t), weather(s, t), static_cast<double>(day(t)), 7.0};
      for (size_t c = 0; c < values.size(); ++c) {
        const bool change = raw.features[c].name == changed && t == changed_row;
        raw.features[c].values.push_back(change ? std::fmod(values[c] + 1, 3) : values[c]);
      }
    }
  }
  return raw;
}

inline PanelPointer panel_of(data::RawPanel raw) {
  return std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
}

inline data::RawFuture future_of(int64_t first, int64_t steps) {
  data::RawFuture future;
  future.ids = {"b", "a"};
  future.features = {{"promo", {}}, {"day", {}, {"mon", "tue", "wed"}}};
  for (int64_t s = 0; s < 2; ++s) {
    for (int64_t t = first; t < first + steps; ++t) {
      future.series.push_back(static_cast<int32_t>(1 - s));
      future.times.push_back(t);
      future.features[0].values.push_back(promo(s, t));
      future.features[1].values.push_back(static_cast<double>((day(t) + 2) % 3));
    }
  }
  return future;
}

inline json model(const std::string& type, json options) {
  options["maxSteps"] = options.value("maxSteps", 5);
  options["learningRate"] = 5e-3;
  return {{"type", type}, {"options", std::move(options)}};
}

inline const json kAll = {{"futrExog", {"promo", "day"}},
                          {"histExog", {"weather"}},
                          {"statExog", {"region", "size"}},
                          {"catExog", {"day", "region"}}};

inline json nhits(json more = json::object()) {
  json options = {{"mlpUnits", {{16, 16}, {16, 16}, {16, 16}}}};
  options.update(kAll);
  options.update(more);
  return model("NHITS", std::move(options));
}

inline json lstm(bool recurrent, json more = json::object()) {
  json options = {{"encoderHiddenSize", 8}, {"decoderHiddenSize", 8}, {"recurrent", recurrent}};
  options.update(kAll);
  options.update(more);
  return model("LSTM", std::move(options));
}

inline json config(const std::vector<json>& models, const json& more = json::object()) {
  json all = {{"horizon", kHorizon}, {"inputSize", 8}, {"models", models}};
  all.update(more);
  return all;
}

}  // namespace nd::testing

// values/scalers.json: statistics, transform and inverse of window and series scalers in float64.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/scalers.h"
#include "outcome.h"

namespace nd::parity {
namespace {

using nlohmann::json;
using std::vector;
constexpr double kExact = 1e-9;

template <class Parse>
auto available(const std::string& kind, const std::string& name, const Parse& parse) {
  try {
    return parse(name);
  } catch (const Error& error) {
    if (error.code() != Code::config) throw;
    throw Unavailable(kind + " " + name + " is not available yet");
  }
}

/// Values of window b and channel c over time in [B, T, C, 1].
vector<double> channel(const json& x, size_t b, size_t c) {
  vector<double> values;
  for (const json& step : x.at(b))
    values.push_back(flat(step.at(step.size() == 1 ? 0 : c)).front());
  return values;
}

void check_window(const json& file, const json& row, Outcome& outcome) {
  const data::WindowScaler scaler =
      available("window scaler", row.at("scaler"), data::parse_window_scaler);
  const auto check = [&](const char* name, const vector<double>& ours,
                         const vector<double>& reference, const std::string& where) {
    outcome.check(name, relative_difference(ours, reference), kExact, where);
  };
  const json& x = file.at("x");
  for (size_t b = 0; b < x.size(); ++b) {
    for (size_t c = 0; c < x[b][0].size(); ++c) {
      data::RevinAffine affine;
      if (!row.at("revin_bias").is_null())
        affine = {flat(row["revin_bias"]).at(c), flat(row["revin_weight"]).at(c)};
      const auto values = channel(x, b, c), mask = channel(file.at("mask"), b, c);
      const auto s = data::window_statistics(scaler, values, mask, affine, /*compat=*/true);
      const std::string where = "window " + std::to_string(b) + ", channel " + std::to_string(c);
      check("shift", {s.shift}, channel(row.at("shift"), b, c), where);
      check("scale", {s.scale}, channel(row.at("scale"), b, c), where);
      const auto z = channel(row.at("z"), b, c);
      vector<double> ours, back;
      for (const double v : values) ours.push_back(data::scale_value(scaler, s, v));
      for (const double v : z) back.push_back(data::unscale_value(scaler, s, v));
      check("transform", ours, z, where);
      check("inverse", back, channel(row.at("inverse"), b, c), where);
    }
  }
}

void check_series(const json& file, const json& row, Outcome& outcome) {
  const data::SeriesScaler scaler =
      available("series scaler", row.at("scaler"),
                [](const std::string& known) { return data::parse_series_scaler(known); });
  const vector<double> all = flat(file.at("series")), z = flat(row.at("z"));
  size_t begin = 0;
  for (size_t i = 0; i < file.at("series_lengths").size(); ++i) {
    const size_t length = file["series_lengths"][i].get<size_t>();
    const std::span<const double> values(all.data() + begin, length);
    const auto s = data::series_statistics(scaler, values);
    const std::string where = "series " + std::to_string(i);
    const vector<double> expected = flat(row.at("statistics").at(i));
    // The reference divides by 1 where it finds no spread, and so do we; it keeps the 0 it found.
    const double scale = expected.at(1) == 0 ? 1 : expected.at(1);
    outcome.check("statistics",
                  relative_difference(vector<double>{s.shift, s.scale},
                                      vector<double>{expected.at(0), scale}),
                  kExact, where);
    vector<double> ours, back;
    for (const double v : values) ours.push_back(data::scale_value(scaler, s, v));
    for (const double v : ours) back.push_back(data::unscale_value(scaler, s, v));
    outcome.check(
        "transform",
        relative_difference(ours, vector<double>(z.begin() + begin, z.begin() + begin + length)),
        kExact, where);
    outcome.check("inverse",
                  relative_difference(back, vector<double>(values.begin(), values.end())), kExact,
                  where);
    begin += length;
  }
}

}  // namespace

void run_scalers(const std::string& folder, const std::string& filter, const Emit& emit) {
  const json file = read_json(folder, "scalers.json");
  if (file.is_null()) return;
  const auto run = [&](const char* kind, const json& rows, auto check) {
    for (const json& row : rows) {
      Outcome outcome("values", kind + row.at("scaler").get<std::string>());
      if (!matches("values/" + outcome.name(), filter)) continue;
      guarded(outcome, [&] { check(file, row, outcome); });
      emit(outcome);
    }
  };
  run("window scaler ", file.at("window"), check_window);
  run("series scaler ", file.at("per_series"), check_series);
}

}  // namespace nd::parity

#include "panel_wrap.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace nd::binding {

namespace {

Napi::Value describe(const Napi::CallbackInfo& info) {
  const auto panel = unwrap<const data::Panel>(info.This());
  int64_t shortest = panel->longest();
  for (int64_t s = 0; s < panel->series_count(); ++s)
    shortest = std::min(shortest, panel->length(s));
  const nlohmann::ordered_json description = {{"series", panel->series_count()},
                                              {"rows", panel->rows()},
                                              {"frequency", panel->frequency().text()},
                                              {"calendar", panel->calendar()},
                                              {"sorted", panel->was_sorted()},
                                              {"shortest", shortest},
                                              {"longest", panel->longest()}};
  return Napi::String::New(info.Env(), description.dump());
}

/// Columns of the facade's own arrays, which JavaScript keeps alive until the job is over.
struct Columns {
  std::span<double> target;
  std::span<int32_t> series;
  std::span<int64_t> times;
};

}  // namespace

std::vector<FeatureArray> feature_arrays(const Napi::Value& value, int64_t rows,
                                         const char* place) {
  std::vector<FeatureArray> features;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    const auto one = array.Get(i).As<Napi::Object>();
    features.push_back({one.Get("name").ToString().Utf8Value(),
                        doubles(one.Get("values"), rows, place),
                        PackedNames(one.Get("categories"), one.Get("categoryEnds"), place)});
  }
  return features;
}

std::vector<data::Feature> copied(const std::vector<FeatureArray>& arrays) {
  std::vector<data::Feature> features;
  for (const FeatureArray& array : arrays) {
    features.push_back(
        {array.name, {array.values.begin(), array.values.end()}, array.categories.unpack()});
  }
  return features;
}

std::function<data::RawFuture()> future_argument(const Napi::Object& input, const char* place) {
  const auto raw = std::make_shared<data::RawFuture>();
  const PackedNames names(input.Get("names"), input.Get("nameEnds"), place);
  const auto series = int32s(input.Get("series"), -1, place);
  const auto rows = static_cast<int64_t>(series.size());
  const auto times = int64s(input.Get("times"), rows, place);
  const auto features = feature_arrays(input.Get("features"), rows, place);
  return [=] {
    raw->ids = names.unpack();
    raw->series.assign(series.begin(), series.end());
    raw->times.assign(times.begin(), times.end());
    raw->features = copied(features);
    return std::move(*raw);
  };
}

void define_panel(Napi::Env env) {
  define_class(env, Kind::panel, "NativePanel",
               {method<describe>("describe"), method<dispose<const data::Panel>>("dispose")});
}

Napi::Value create_panel(const Napi::CallbackInfo& info) {
  constexpr const char* place = "createPanel";
  const auto input = info[0].As<Napi::Object>();
  const auto raw = std::make_shared<data::RawPanel>();
  const PackedNames names(input.Get("names"), input.Get("nameEnds"), place);
  raw->calendar = input.Get("calendar").ToBoolean();
  Columns columns;
  columns.target = doubles(input.Get("target"), -1, place);
  const auto rows = static_cast<int64_t>(columns.target.size());
  columns.series = int32s(input.Get("series"), rows, place);
  columns.times = int64s(input.Get("times"), rows, place);
  const auto features = feature_arrays(input.Get("features"), rows, place);
  const auto statics =
      feature_arrays(input.Get("statics"), static_cast<int64_t>(names.ends.size()), place);
  data::PanelOptions options;
  options.frequency = input.Get("frequency").ToString().Utf8Value();
  options.allow_missing = input.Get("missing").ToBoolean();

  // A copy here would hold up the event loop for as long as a large panel takes.
  const auto alive = std::make_shared<Napi::ObjectReference>(Napi::Persistent(input));
  const auto panel = std::make_shared<std::shared_ptr<const data::Panel>>();
  return jobs(info.Env())
      .submit(info.Env(), {.abandonable = true,
                           .done = function_argument(info, 1, place),
                           .work =
                               [raw, names, columns, features, statics, options, panel](Job&) {
                                 raw->ids = names.unpack();
                                 raw->target.assign(columns.target.begin(), columns.target.end());
                                 raw->series.assign(columns.series.begin(), columns.series.end());
                                 raw->times.assign(columns.times.begin(), columns.times.end());
                                 raw->features = copied(features);
                                 raw->statics = copied(statics);
                                 *panel =
                                     std::make_shared<const data::Panel>(std::move(*raw), options);
                               },
                           .settle = [panel, alive](Napi::Env env) -> Napi::Value {
                             return wrap(env, std::move(*panel));
                           }});
}

}  // namespace nd::binding

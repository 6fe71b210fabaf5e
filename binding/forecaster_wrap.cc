#include "forecaster_wrap.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>

#include "panel_wrap.h"
#include "predictor_wrap.h"

namespace nd::binding {

namespace {

using forecast::Forecaster;
using forecast::ForecastTable;

std::string progress_event(const std::string& model, const train::Progress& progress) {
  // NaN becomes null: no validation yet.
  return nlohmann::ordered_json{{"model", model},
                                {"step", progress.step},
                                {"maxSteps", progress.max_steps},
                                {"trainLoss", progress.train_loss},
                                {"validLoss", progress.valid_loss}}
      .dump();
}

Napi::Value fit(const Napi::CallbackInfo& info) {
  constexpr const char* place = "fit";
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = unwrap<const data::Panel>(info[0]);
  const nlohmann::json options = json_argument(info, 1, place);
  const bool wants_progress = info[2].IsFunction();
  const int64_t val_size = options.value("valSize", int64_t{0});
  const int threads = threads_of(options);
  const auto summary = std::make_shared<std::string>();
  return jobs(info.Env())
      .submit(info.Env(),
              {.lane = Lane::change,
               .done = function_argument(info, 3, place),
               .progress = wants_progress ? info[2].As<Napi::Function>() : Napi::Function(),
               .work =
                   [=](Job& job) {
                     forecast::FitRequest request;
                     request.val_size = val_size;
                     request.threads = threads;
                     request.cancel = &job.token();
                     if (wants_progress) {
                       request.on_progress = [&job](const std::string& model,
                                                    const train::Progress& progress) {
                         job.report(progress_event(model, progress));
                       };
                     }
                     *summary = forecaster->fit(panel, request).dump();
                   },
               .settle = [summary](Napi::Env env) -> Napi::Value {
                 return Napi::String::New(env, *summary);
               }});
}

Napi::Value predict(const Napi::CallbackInfo& info) {
  constexpr const char* place = "predict";
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = info[0].IsNull() ? nullptr : unwrap<const data::Panel>(info[0]);
  const nlohmann::json options = json_argument(info, 1, place);
  const bool refit = options.value("refitSeriesScaler", true);
  const int threads = threads_of(options);
  const auto table = std::make_shared<std::shared_ptr<const ForecastTable>>();
  return jobs(info.Env())
      .submit(info.Env(), {.done = function_argument(info, 2, place),
                           .work =
                               [=](Job& job) {
                                 forecast::PredictRequest request;
                                 request.threads = threads;
                                 request.cancel = &job.token();
                                 request.refit_series_scaler = refit;
                                 *table = std::make_shared<const ForecastTable>(
                                     forecaster->predict(panel, request));
                               },
                           .settle = [table](Napi::Env env) -> Napi::Value {
                             return wrap(env, std::move(*table));
                           }});
}

Napi::Value save(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  const std::string path = string_argument(info, 0, "save");
  const nlohmann::json options = json_argument(info, 1, "save");
  const bool include_data = options.value("includeData", true);
  const std::optional<std::string> note =
      options.contains("note") ? std::optional(options["note"].get<std::string>()) : std::nullopt;
  return jobs(info.Env())
      .submit(info.Env(), {.done = function_argument(info, 2, "save"),
                           .work = [=](Job&) { forecaster->save(path, include_data, note); },
                           .settle = nullptr});
}

Napi::Value load_weights(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  const std::string alias = string_argument(info, 0, "loadWeights"),
                    path = string_argument(info, 1, "loadWeights");
  return jobs(info.Env())
      .submit(info.Env(), {.lane = Lane::change,
                           .done = function_argument(info, 2, "loadWeights"),
                           .work = [=](Job&) { forecaster->load_weights(alias, path); },
                           .settle = nullptr});
}

Napi::Value describe_forecaster(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  nlohmann::ordered_json description = forecaster->info();
  description["fitted"] = forecaster->fitted();
  description["horizon"] = forecaster->horizon();
  description["columns"] = forecaster->columns();
  description["aliases"] = forecaster->aliases();
  return Napi::String::New(info.Env(), description.dump());
}

Napi::Value predictor(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  const std::string alias = string_argument(info, 0, "predictor");
  const auto made = std::make_shared<std::shared_ptr<serve::Predictor>>();
  return jobs(info.Env())
      .submit(info.Env(), {.done = function_argument(info, 1, "predictor"),
                           .work = [=](Job&) { *made = forecaster->predictor(alias); },
                           .settle = [made](Napi::Env env) -> Napi::Value {
                             return wrap(env, std::move(*made));
                           }});
}

Napi::Value describe_table(const Napi::CallbackInfo& info) {
  const auto table = unwrap<const ForecastTable>(info.This());
  const nlohmann::ordered_json description = {{"ids", table->ids},
                                              {"horizon", table->horizon},
                                              {"columns", table->columns},
                                              {"calendar", table->calendar}};
  return Napi::String::New(info.Env(), description.dump());
}

Napi::Value copy_to(const Napi::CallbackInfo& info) {
  constexpr const char* place = "predict";
  const auto table = unwrap<const ForecastTable>(info.This());
  const auto times = int64s(info[0], static_cast<int64_t>(table->times.size()), place);
  std::copy(table->times.begin(), table->times.end(), times.begin());
  const auto columns = info[1].As<Napi::Array>();
  for (size_t c = 0; c < table->values.size(); ++c) {
    const auto& from = table->values[c];
    const auto to =
        doubles(columns.Get(static_cast<uint32_t>(c)), static_cast<int64_t>(from.size()), place);
    std::copy(from.begin(), from.end(), to.begin());
  }
  return info.Env().Undefined();
}

}  // namespace

void define_forecaster(Napi::Env env) {
  define_class(env, Kind::forecaster, "NativeForecaster",
               {method<fit>("fit"), method<predict>("predict"), method<save>("save"),
                method<load_weights>("loadWeights"), method<describe_forecaster>("info"),
                method<predictor>("predictor"), method<dispose<Forecaster>>("dispose")});
  define_class(env, Kind::table, "NativeTable",
               {method<describe_table>("describe"), method<copy_to>("copyTo"),
                method<dispose<const ForecastTable>>("dispose")});
}

Napi::Value create_forecaster(const Napi::CallbackInfo& info) {
  return wrap(info.Env(), std::make_shared<Forecaster>(json_argument(info, 0, "createForecaster")));
}

Napi::Value load_forecaster(const Napi::CallbackInfo& info) {
  const std::string path = string_argument(info, 0, "load");
  const auto loaded = std::make_shared<std::shared_ptr<Forecaster>>();
  return jobs(info.Env())
      .submit(
          info.Env(),
          {.done = function_argument(info, 1, "load"),
           .work = [=](Job&) { *loaded = std::make_shared<Forecaster>(Forecaster::load(path)); },
           .settle = [loaded](Napi::Env env) -> Napi::Value {
             return wrap(env, std::move(*loaded));
           }});
}

}  // namespace nd::binding

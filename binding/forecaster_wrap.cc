#include "forecaster_wrap.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "adaptive_wrap.h"
#include "names_wrap.h"
#include "panel_wrap.h"
#include "predictor_wrap.h"
#include "train/gradient_json.h"
#include "trials_wrap.h"

namespace nd::binding {

std::string progress_event(const std::string& model, const train::Progress& progress,
                           std::optional<forecast::FitPlace> fit) {
  // NaN becomes null: no validation yet.
  nlohmann::ordered_json event{{"model", model},
                               {"step", progress.step},
                               {"maxSteps", progress.max_steps},
                               {"trainLoss", progress.train_loss},
                               {"validLoss", progress.valid_loss}};
  if (progress.gradients != nullptr) {
    event["gradientNorms"] = train::norms_json(*progress.gradients);
    event["gradientWarnings"] =
        train::warnings_json(progress.gradients->history(), progress.gradients->table());
  }
  if (fit) event["window"] = fit->window;
  if (fit && fit->fold >= 0) event["fold"] = fit->fold;
  return event.dump();
}

namespace {

using forecast::Forecaster;
using forecast::ForecastTable;

std::optional<forecast::IntervalOptions> interval_options(const nlohmann::json& options) {
  if (!options.contains("intervals")) return {};
  return forecast::intervals_from_json(options["intervals"]);
}

/// {initialWeights?: {path?, weights?}, freeze?, …}.
template <class Request>
void read_transfer(const nlohmann::json& options, Request& request) {
  request.freeze = options.value("freeze", request.freeze);
  if (!options.contains("initialWeights")) return;
  const nlohmann::json& initial = options.at("initialWeights");
  request.initial_weights.path = initial.value("path", "");
  request.initial_weights.weights = initial.value("weights", std::vector<std::string>{});
}

/// {valSize, fromScratch, initialWeights?: {path?, weights?}, freeze?, distill?: {model, weight},
/// monitorGradients?, keepOptimizer?, checkpoint?: {path, everySteps}, resume?: path | true,
/// timeBudgetMs?, note?, intervals?, threads}.
forecast::FitRequest fit_request(const nlohmann::json& options) {
  forecast::FitRequest request;
  request.val_size = options.value("valSize", request.val_size);
  request.from_scratch = options.value("fromScratch", false);
  read_transfer(options, request);
  request.monitor_gradients = options.value("monitorGradients", false);
  if (options.contains("keepOptimizer"))
    request.keep_optimizer = options.at("keepOptimizer").get<bool>();
  request.time_budget_ms = options.value("timeBudgetMs", 0.0);
  if (options.contains("checkpoint")) {
    const nlohmann::json& checkpoint = options.at("checkpoint");
    request.checkpoint.path = checkpoint.value("path", "");
    request.checkpoint.every_steps = checkpoint.value("everySteps", int64_t{0});
    request.checkpoint.note = options.value("note", "");
  }
  if (options.contains("resume")) {
    const nlohmann::json& resume = options.at("resume");
    request.resume_if_there = resume == true;
    if (resume.is_string()) request.resume = resume.get<std::string>();
  }
  request.intervals = interval_options(options);
  request.threads = threads_of(options);
  return request;
}

Napi::Value fit(const Napi::CallbackInfo& info) {
  constexpr const char* place = "fit";
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = unwrap<const data::Panel>(info[0]);
  const nlohmann::json options = json_argument(info, 1, place);
  const bool wants_progress = info[2].IsFunction();
  forecast::FitRequest asked = fit_request(options);
  if (info[4].IsObject()) asked.initial_weights.from = unwrap<Forecaster>(info[4]);
  const auto teacher = info[5].IsObject() ? unwrap<Forecaster>(info[5]) : nullptr;
  const auto summary = std::make_shared<std::string>();
  return jobs(info.Env())
      .submit(info.Env(),
              {.lane = Lane::change,
               .object = forecaster.get(),
               .abandonable = true,
               .done = function_argument(info, 3, place),
               .progress = wants_progress ? info[2].As<Napi::Function>() : Napi::Function(),
               .work =
                   [=](Job& job) {
                     forecast::FitRequest request = asked;
                     request.cancel = &job.token();
                     if (teacher != nullptr) {
                       const nlohmann::json& distill = options.at("distill");
                       request.teaching = teacher->teaching(distill.value("model", ""),
                                                            distill.value("weight", 0.0));
                     }
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

/// Submits a job that computes a table. `alive` is let go on the JavaScript thread when it is over.
Napi::Value submit_table(const Napi::CallbackInfo& info, Lane lane, const Napi::Function& done,
                         const Napi::Function& progress, std::function<ForecastTable(Job&)> compute,
                         std::shared_ptr<Napi::ObjectReference> alive = nullptr) {
  const auto table = std::make_shared<std::shared_ptr<const ForecastTable>>();
  return jobs(info.Env())
      .submit(info.Env(), {.lane = lane,
                           .abandonable = true,
                           .done = done,
                           .progress = progress,
                           .work =
                               [table, compute = std::move(compute)](Job& job) {
                                 *table = std::make_shared<const ForecastTable>(compute(job));
                               },
                           .settle = [table, alive](Napi::Env env) -> Napi::Value {
                             return wrap(env, std::move(*table));
                           }});
}

/// The panel of a call; nullptr = the fitted one.
std::shared_ptr<const data::Panel> panel_argument(const Napi::CallbackInfo& info) {
  return info[0].IsNull() ? nullptr : unwrap<const data::Panel>(info[0]);
}

/// {levels?, quantiles?}, lists of numbers.
QuantileRequest quantile_request(const nlohmann::json& options) {
  const auto list = [&](const char* name) { return options.value(name, std::vector<double>{}); };
  return {list("levels"), list("quantiles")};
}

forecast::PredictRequest predict_request(const nlohmann::json& options) {
  forecast::PredictRequest request;
  request.horizon = options.value("horizon", int64_t{0});
  request.refit_series_scaler = options.value("refitSeriesScaler", true);
  request.quantiles = quantile_request(options);
  request.threads = threads_of(options);
  return request;
}

/// (panel, options, future, done): a table of the steps to come, which `compute` makes.
Napi::Value submit_forecast(const Napi::CallbackInfo& info, const char* place,
                            forecast::PredictRequest request,
                            std::function<ForecastTable(const forecast::PredictRequest&)> compute) {
  std::function<data::RawFuture()> read_future;
  std::shared_ptr<Napi::ObjectReference> alive;  // its arrays, until the job has copied them
  if (info[2].IsObject()) {
    const auto input = info[2].As<Napi::Object>();
    read_future = future_argument(input, place);
    alive = std::make_shared<Napi::ObjectReference>(Napi::Persistent(input));
  }
  return submit_table(
      info, Lane::ask, function_argument(info, 3, place), {},
      [=](Job& job) mutable {
        data::RawFuture future;
        if (read_future) future = read_future(), request.future = &future;
        request.cancel = &job.token();
        return compute(request);
      },
      alive);
}

Napi::Value predict(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = panel_argument(info);
  return submit_forecast(
      info, "predict", predict_request(json_argument(info, 1, "predict")),
      [=](const forecast::PredictRequest& request) { return forecaster->predict(panel, request); });
}

Napi::Value simulate(const Napi::CallbackInfo& info) {
  constexpr const char* place = "simulate";
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = panel_argument(info);
  const nlohmann::json options = json_argument(info, 1, place);
  forecast::SimulateRequest simulation;
  simulation.paths = options.value("paths", simulation.paths);
  simulation.seed = options.value("seed", simulation.seed);
  const std::string method = options.value("method", "");
  if (method == "schaakeShuffle") simulation.method = forecast::PathMethod::schaake_shuffle;
  if (method == "ancestral") simulation.method = forecast::PathMethod::ancestral;
  return submit_forecast(info, place, predict_request(options),
                         [=](const forecast::PredictRequest& request) mutable {
                           simulation.forecast = request;
                           return forecaster->simulate(panel, simulation);
                         });
}

Napi::Value future_frame(const Napi::CallbackInfo& info) {
  constexpr const char* place = "makeFutureFrame";
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = panel_argument(info);
  const int64_t horizon = json_argument(info, 1, place).value("horizon", int64_t{0});
  return submit_table(info, Lane::ask, function_argument(info, 2, place), {},
                      [=](Job&) { return forecaster->future_frame(panel, horizon); });
}

Napi::Value predict_insample(const Napi::CallbackInfo& info) {
  constexpr const char* place = "predictInsample";
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = panel_argument(info);
  const nlohmann::json options = json_argument(info, 1, place);
  forecast::InsampleRequest request;
  request.step_size = options.value("stepSize", int64_t{1});
  request.quantiles = quantile_request(options);
  request.threads = threads_of(options);
  return submit_table(info, Lane::ask, function_argument(info, 2, place), {},
                      [=](Job& job) mutable {
                        request.cancel = &job.token();
                        return forecaster->predict_insample(panel, request);
                      });
}

Napi::Value cross_validate(const Napi::CallbackInfo& info) {
  constexpr const char* place = "crossValidation";
  const auto forecaster = unwrap<Forecaster>(info.This());
  const auto panel = panel_argument(info);
  nlohmann::json options = json_argument(info, 1, place);
  const bool wants_progress = info[2].IsFunction();
  forecast::CrossValidationRequest request;
  request.windows = options.value("windows", request.windows);
  request.step_size = options.value("stepSize", request.step_size);
  request.horizon = options.value("horizon", request.horizon);
  request.refit = options.value("refit", request.refit);
  request.from_scratch = options.value("fromScratch", request.from_scratch);
  request.use_fitted = options.value("useFitted", request.use_fitted);
  request.val_size = options.value("valSize", request.val_size);
  request.test_size = options.value("testSize", request.test_size);
  request.purge = options.value("purge", request.purge);
  request.embargo = options.value("embargo", request.embargo);
  request.folds = options.value("folds", request.folds);
  if (request.folds > 0) {
    const bool over_time = options.value("foldsOver", "series") == "time";
    request.folds_over = over_time ? forecast::Folds::time : forecast::Folds::series;
  }
  request.intervals = interval_options(options);
  read_transfer(options, request);
  if (info[4].IsObject()) request.initial_weights.from = unwrap<Forecaster>(info[4]);
  request.checkpoint = options.value("checkpoint", "");
  request.quantiles = quantile_request(options);
  request.threads = threads_of(options);
  for (const char* name : {"checkpoint", "threads", "initialWeights", "freeze"})
    options.erase(name);
  request.description = options.dump();
  return submit_table(
      info, Lane::change, function_argument(info, 3, place),
      wants_progress ? info[2].As<Napi::Function>() : Napi::Function(), [=](Job& job) mutable {
        request.cancel = &job.token();
        if (wants_progress) {
          request.on_progress = [&job](const std::string& model, const forecast::FitPlace& fit,
                                       const train::Progress& progress) {
            job.report(progress_event(model, progress, fit));
          };
        }
        return forecaster->cross_validate(panel, request);
      });
}

Napi::Value save(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  const std::string path = string_argument(info, 0, "save");
  const nlohmann::json options = json_argument(info, 1, "save");
  forecast::SaveRequest request;
  request.data = options.value("includeData", true);
  request.optimizer = options.value("includeOptimizer", false);
  if (options.contains("note")) request.note = options["note"].get<std::string>();
  return jobs(info.Env())
      .submit(info.Env(), {.done = function_argument(info, 2, "save"),
                           .work = [=](Job&) { forecaster->save(path, request); },
                           .settle = nullptr});
}

Napi::Value load_weights(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  const std::string alias = string_argument(info, 0, "loadWeights"),
                    path = string_argument(info, 1, "loadWeights");
  return jobs(info.Env())
      .submit(info.Env(), {.lane = Lane::change,
                           .object = forecaster.get(),
                           .done = function_argument(info, 2, "loadWeights"),
                           .work = [=](Job&) { forecaster->load_weights(alias, path); },
                           .settle = nullptr});
}

Napi::Value clone(const Napi::CallbackInfo& info) {
  return wrap(info.Env(), std::make_shared<Forecaster>(unwrap<Forecaster>(info.This())->clone()));
}

Napi::Value describe_forecaster(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), unwrap<Forecaster>(info.This())->info().dump());
}

Napi::Value summary(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), unwrap<Forecaster>(info.This())->summary().dump());
}

Napi::Value names(const Napi::CallbackInfo& info) {
  return wrap(info.Env(), unwrap<Forecaster>(info.This())->series());
}

Napi::Value export_parts(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), unwrap<Forecaster>(info.This())->export_parts().dump());
}

Napi::Value predictor(const Napi::CallbackInfo& info) {
  const auto forecaster = unwrap<Forecaster>(info.This());
  const std::string alias = string_argument(info, 0, "predictor");
  const auto made = std::make_shared<std::shared_ptr<serve::Predictor>>();
  return jobs(info.Env())
      .submit(info.Env(), {.abandonable = true,
                           .done = function_argument(info, 1, "predictor"),
                           .work = [=](Job&) { *made = forecaster->predictor(alias); },
                           .settle = [made](Napi::Env env) -> Napi::Value {
                             return wrap(env, std::move(*made));
                           }});
}

Napi::Value adaptive_intervals(const Napi::CallbackInfo& info) {
  constexpr const char* place = "adaptiveIntervals";
  const std::string alias = string_argument(info, 0, place);
  const nlohmann::json options = json_argument(info, 1, place);
  std::shared_ptr<serve::AdaptiveIntervals> made =
      unwrap<Forecaster>(info.This())
          ->adaptive_intervals(alias, options.at("levels").get<std::vector<double>>(),
                               options.at("rate").get<double>());
  return wrap(info.Env(), std::move(made));
}

Napi::Value describe_table(const Napi::CallbackInfo& info) {
  const auto table = unwrap<const ForecastTable>(info.This());
  const nlohmann::ordered_json description = {
      {"series", table->ids.size()}, {"horizon", table->horizon}, {"blocks", table->series.size()},
      {"columns", table->columns},   {"paths", table->paths},     {"calendar", table->calendar}};
  return Napi::String::New(info.Env(), description.dump());
}

Napi::Value ids_of_table(const Napi::CallbackInfo& info) {
  return names_between(info, unwrap<const ForecastTable>(info.This())->ids);
}

Napi::Value copy_to(const Napi::CallbackInfo& info) {
  constexpr const char* place = "table";
  const auto table = unwrap<const ForecastTable>(info.This());
  const auto copy = [](const auto& from, const auto& to) {
    std::copy(from.begin(), from.end(), to.begin());
  };
  const auto size = [](const auto& values) { return static_cast<int64_t>(values.size()); };
  copy(table->series, int32s(info[0], size(table->series), place));
  copy(table->times, int64s(info[1], size(table->times), place));
  const auto columns = info[2].As<Napi::Array>();
  for (size_t c = 0; c < table->values.size(); ++c) {
    const auto& from = table->values[c];
    copy(from, doubles(columns.Get(static_cast<uint32_t>(c)), size(from), place));
  }
  if (!info[3].IsNull()) copy(table->cutoffs, int64s(info[3], size(table->cutoffs), place));
  if (!info[4].IsNull()) copy(table->actual, doubles(info[4], size(table->actual), place));
  return info.Env().Undefined();
}

}  // namespace

void define_forecaster(Napi::Env env) {
  define_class(
      env, Kind::forecaster, "NativeForecaster",
      {method<fit>("fit"), method<predict>("predict"), method<simulate>("simulate"),
       method<predict_insample>("predictInsample"), method<future_frame>("futureFrame"),
       method<cross_validate>("crossValidation"), method<save>("save"),
       method<load_weights>("loadWeights"), method<describe_forecaster>("info"),
       method<summary>("summary"), method<names>("names"), method<export_parts>("exportParts"),
       method<predictor>("predictor"), method<adaptive_intervals>("adaptiveIntervals"),
       method<clone>("clone"), method<find_learning_rate>("findLearningRate"),
       method<check_one_batch>("checkOneBatch"), method<find_batch_size>("findBatchSize"),
       method<dispose<Forecaster>>("dispose")});
  define_class(env, Kind::table, "NativeTable",
               {method<describe_table>("describe"), method<ids_of_table>("ids"),
                method<copy_to>("copyTo"), method<dispose<const ForecastTable>>("dispose")});
}

Napi::Value create_forecaster(const Napi::CallbackInfo& info) {
  return wrap(info.Env(), std::make_shared<Forecaster>(json_argument(info, 0, "createForecaster")));
}

namespace {
/// (path, done): an object from a file.
Napi::Value read_forecaster(const Napi::CallbackInfo& info, const char* place,
                            Forecaster (*read)(const std::string&)) {
  const std::string path = string_argument(info, 0, place);
  const auto made = std::make_shared<std::shared_ptr<Forecaster>>();
  return jobs(info.Env())
      .submit(info.Env(), {.abandonable = true,
                           .done = function_argument(info, 1, place),
                           .work = [=](Job&) { *made = std::make_shared<Forecaster>(read(path)); },
                           .settle = [made](Napi::Env env) -> Napi::Value {
                             return wrap(env, std::move(*made));
                           }});
}
}  // namespace

Napi::Value load_forecaster(const Napi::CallbackInfo& info) {
  return read_forecaster(info, "load", Forecaster::load);
}

Napi::Value import_forecaster(const Napi::CallbackInfo& info) {
  return read_forecaster(info, "importCheckpoint", Forecaster::from_description);
}

}  // namespace nd::binding

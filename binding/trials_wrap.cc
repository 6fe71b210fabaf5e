#include "trials_wrap.h"

#include <nlohmann/json.hpp>

#include "forecast/trials.h"
#include "forecaster_wrap.h"
#include "jobs.h"
#include "panel_wrap.h"
#include "train/one_batch.h"
#include "train/rate_finder.h"
#include "train/size_finder.h"

namespace nd::binding {

namespace {

using forecast::Forecaster;
using PanelPointer = std::shared_ptr<const data::Panel>;

/// Submits the job of one method of the forecaster, which leaves the object as it is.
template <class Options>
Napi::Value submit_trial(const Napi::CallbackInfo& info, const char* place,
                         const nlohmann::json& given, Options options,
                         nlohmann::ordered_json (Forecaster::*run)(PanelPointer,
                                                                   const forecast::TrialRequest&,
                                                                   const Options&) const) {
  const std::shared_ptr<const Forecaster> forecaster = unwrap<Forecaster>(info.This());
  const auto panel = unwrap<const data::Panel>(info[0]);
  const bool wants_progress = info[2].IsFunction();
  forecast::TrialRequest request{given.value("model", ""), threads_of(given)};
  const auto result = std::make_shared<std::string>();
  return jobs(info.Env())
      .submit(info.Env(),
              {.lane = Lane::change,
               .abandonable = true,
               .done = function_argument(info, 3, place),
               .progress = wants_progress ? info[2].As<Napi::Function>() : Napi::Function(),
               .work =
                   [=](Job& job) mutable {
                     request.cancel = &job.token();
                     if (wants_progress) {
                       request.on_progress = [&job](const std::string& model,
                                                    const train::Progress& progress) {
                         job.report(progress_event(model, progress));
                       };
                     }
                     *result = ((*forecaster).*run)(panel, request, options).dump();
                   },
               .settle = [result](Napi::Env env) -> Napi::Value {
                 return Napi::String::New(env, *result);
               }});
}

/// {from?, to?, steps?}: what is tried, from `range` as far as it does not say.
template <class Range>
Range range_of(const nlohmann::json& given, Range range = {}) {
  range.from = given.value("from", range.from);
  range.to = given.value("to", range.to);
  range.steps = given.value("steps", range.steps);
  return range;
}

}  // namespace

Napi::Value find_learning_rate(const Napi::CallbackInfo& info) {
  constexpr const char* place = "findLearningRate";
  const nlohmann::json given = json_argument(info, 1, place);
  return submit_trial(info, place, given, range_of<train::RateRange>(given),
                      &Forecaster::find_learning_rate);
}

Napi::Value check_one_batch(const Napi::CallbackInfo& info) {
  constexpr const char* place = "checkOneBatch";
  const nlohmann::json given = json_argument(info, 1, place);
  train::OneBatchOptions options;
  options.steps = given.value("steps", options.steps);
  options.tolerance = given.value("tolerance", options.tolerance);
  options.windows = given.value("windows", options.windows);
  return submit_trial(info, place, given, options, &Forecaster::check_one_batch);
}

Napi::Value find_batch_size(const Napi::CallbackInfo& info) {
  constexpr const char* place = "findBatchSize";
  const nlohmann::json given = json_argument(info, 1, place);
  return submit_trial(info, place, given, range_of<train::SizeRange>(given),
                      &Forecaster::find_batch_size);
}

}  // namespace nd::binding

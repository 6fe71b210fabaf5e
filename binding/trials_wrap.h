// Methods of a native forecaster that try its models out: findLearningRate, checkOneBatch,
// findBatchSize. Each is (panel, options as JSON text, progress | null, done) and gives JSON text.
#pragma once

#include "napi_setup.h"

namespace nd::binding {

Napi::Value find_learning_rate(const Napi::CallbackInfo& info);
Napi::Value check_one_batch(const Napi::CallbackInfo& info);
Napi::Value find_batch_size(const Napi::CallbackInfo& info);

}  // namespace nd::binding

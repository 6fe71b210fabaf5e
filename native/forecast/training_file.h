// What a fit remembers besides its weights, in the files of saved models: the state of optimisers
// (save with the optimiser, checkpoints) and of fits in progress (checkpoints). Buffers that are
// aligned with parameters are written tensor by tensor in canonical order, so that a file does not
// depend on how the processor that wrote it lays weights out.
#pragma once

#include "forecast/forecaster_impl.h"
#include "forecast/saved_file.h"

namespace nd::forecast {

/// Adds "data/optimizer/<alias>/<buffer>/<parameter>"; returns the metadata that goes with it (null
/// without a state).
nlohmann::ordered_json add_optimizer(TensorList& list, const ModelConfig& model,
                                     const train::OptimizerState* state);
std::shared_ptr<const train::OptimizerState> read_optimizer(SavedFile& file,
                                                            const ModelConfig& model,
                                                            const nlohmann::json& saved);

/// Adds "data/training/<alias>/…": scalars, histories and the best weights; the optimiser's state
/// is not among it.
void add_training(TensorList& list, const ModelConfig& model, const train::TrainingState& state);
std::shared_ptr<const train::TrainingState> read_training(SavedFile& file,
                                                          const ModelConfig& model);

}  // namespace nd::forecast

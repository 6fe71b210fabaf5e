// Distillation: a fit whose models learn, beside their targets, the forecasts of a model that is
// fitted already. Its forecasts are computed for the windows of each batch, when they are needed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forecast/forecaster_impl.h"
#include "train/teacher.h"

namespace nd::forecast {

/// One model of a forecaster as of a moment, and what its forecasts count in the losses of others.
/// It shares the weights, which no later fit changes.
struct Teaching {
  std::shared_ptr<const State> state;
  size_t model = 0;     ///< index
  double weight = 0.5;  ///< in (0, 1]
};

/// A fingerprint of all that a student learns from it.
std::string teaching_digest(const Teaching& teaching);

/// The models of a fit as students of one teacher; what they refer to must outlive them.
class Students {
 public:
  /// `student` has the configuration and scales of the fit on `panel`, in original scale. Without
  /// `teaching` they are models as others. Throws E0005 for a teacher of another horizon, E0011 for
  /// one of another frequency or that does not know what is missing, E0004 for columns of the
  /// teacher that the panel lacks, E0002 and E0011 where the series are not those of a multivariate
  /// teacher, E0010 for losses that do not fit together and for a recurrent student that forecasts
  /// several steps at a time while it trains.
  Students(std::shared_ptr<const Teaching> teaching, const State& student,
           const data::Panel& panel);
  ~Students();
  Students(const Students&) = delete;
  Students& operator=(const Students&) = delete;

  /// Makes `request` that of student `model`; as it was without a teacher.
  void enrol(size_t model, train::TrainRequest& request) const;

 private:
  struct Student {
    std::shared_ptr<const Network> network;  ///< with a loss that distils
    std::unique_ptr<train::Teacher> teacher;
  };
  std::shared_ptr<const Teaching> teaching_;
  Scales scales_;                    ///< of the panel, as the teacher has them
  std::optional<data::Panel> copy_;  ///< the panel as the teacher's network sees it
  std::vector<Student> students_;
};

}  // namespace nd::forecast

// Distillation (Hinton, Vinyals and Dean, 2015): a part of a student's loss that says how far its
// forecasts are from those of a teacher, beside what happened.
#pragma once

#include <vector>

#include "losses/columns.h"
#include "ops/graph.h"

namespace nd {

class Loss;
struct LossInputs;

/// A teacher's share in a loss. At every step the teacher gives `masses.size()` numbers: one per
/// output of a student of points or quantiles, those at some probabilities for one of
/// distributions.
struct Distillation {
  double weight = 0.5;         ///< in (0, 1]; the loss on targets counts 1 - weight
  std::vector<double> masses;  ///< of the teacher's numbers, Σ = 1
};

/// What a student reads of its teacher.
struct Lesson {
  ForecastColumns columns;     ///< of the teacher's forecast, one per number
  std::vector<double> masses;  ///< of Distillation
};

/// What a student with the loss `student` learns from a teacher with the loss `teacher`. Points
/// and quantiles: the teacher's at the same probabilities, a mean or median for a point.
/// Distributions: quantiles that stand for the whole distribution, weighted by the probability
/// around them; of families whose likelihood is linear in the target the mean alone, which says the
/// same. `names` is how both are called in messages ("MLP: received the teacher NHITS"). Throws
/// E0010 for a student of implicit quantiles, and where the teacher does not give what it needs.
Lesson lesson_for(const Loss& student, const Loss& teacher, const std::string& names);

/// The teacher's part of a distilling loss, a scalar: WM(Σ_k m_k·(ŷ_k - t_k)²) in the scale of the
/// window, with weights as those of the loss on targets; of a distribution Σ_k m_k times its own
/// loss at t_k.
Var distillation_loss(Graph& graph, const Loss& loss, const LossInputs& in);

}  // namespace nd

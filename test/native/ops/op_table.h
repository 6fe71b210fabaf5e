// The op test table: one row per way in which an op computes. Each row is a small graph of that op
// alone, built from inputs with given shapes, plus the range from which inputs are drawn.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ops/op.h"
#include "ops/ops.h"

namespace nd::test {

struct OpRow {
  const OpDef* op;
  std::string label;
  std::vector<Shape> inputs;
  std::function<Var(Graph&, const std::vector<Var>&)> build;
  double low = -2, high = 2;      ///< inputs are uniform in [low, high]
  std::vector<size_t> flat = {};  ///< inputs without a derivative (conditions)
  double tolerance = 3e-6;        ///< float32 against double, relative to the largest value
  bool large = false;  ///< too many elements for central differences; has a small sibling
};

const std::vector<OpRow>& op_table();

}  // namespace nd::test

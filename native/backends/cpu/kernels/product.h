// A matrix product in the precision that its plan asks for.
#pragma once

#include "graph/plan.h"
#include "simd/gemm.h"

namespace nd::cpu {

class Product {
 public:
  Product() = default;
  /// `form`: all but operands and epilogue, which run() gets.
  Product(const simd::Gemm& form, Precision precision);

  /// Whether a product of these sizes is rounded to bfloat16 in a plan of `precision`: not where a
  /// side is so short that tiles would stay mostly empty.
  static bool rounds(int64_t m, int64_t n, int64_t k, Precision precision);

  int64_t tiles() const;
  int64_t scratch_floats() const;
  /// Estimated nanoseconds on one core.
  double work() const;
  int64_t columns() const { return form_.n; }
  /// Computes tiles [begin, end).
  void run(const float* a, const float* b, float* c, simd::GemmEpilogue epilogue, int64_t begin,
           int64_t end, float* scratch) const;

 private:
  simd::Gemm form_{};
  bool bf16_ = false;
};

}  // namespace nd::cpu

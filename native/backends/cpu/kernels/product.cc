#include "backends/cpu/kernels/product.h"

#include <algorithm>

#include "simd/gemm_bf16.h"

namespace nd::cpu {

namespace {

constexpr int64_t kShortestSide = 16;

}  // namespace

Product::Product(const simd::Gemm& form, Precision precision)
    : form_(form), bf16_(rounds(form.m, form.n, form.k, precision)) {}

bool Product::rounds(int64_t m, int64_t n, int64_t k, Precision precision) {
  return precision == Precision::bf16 && std::min({m, n, k}) >= kShortestSide;
}

int64_t Product::tiles() const {
  return bf16_ ? simd::gemm_bf16_tiles(form_.m, form_.n)
               : simd::gemm_tiles(form_.m, form_.n, form_.k);
}

int64_t Product::scratch_floats() const {
  if (bf16_) return simd::gemm_bf16_scratch_floats(form_.m, form_.n, form_.k);
  return simd::gemm_scratch_floats(form_.m, form_.n, form_.k, form_.a_col != 1,
                                   form_.b_transposed || form_.b_row != 0);
}

double Product::work() const {
  const double m = static_cast<double>(form_.m), n = static_cast<double>(form_.n),
               k = static_cast<double>(form_.k);
  // Where a matrix unit multiplies, reading and rounding takes as long as that.
  return bf16_ ? 0.0007 * m * n * k + 0.1 * (m * k + k * n + m * n) : 0.015 * m * n * k;
}

void Product::run(const float* a, const float* b, float* c, simd::GemmEpilogue epilogue,
                  int64_t begin, int64_t end, float* scratch) const {
  simd::Gemm gemm = form_;
  gemm.a = a;
  gemm.b = b;
  gemm.c = c;
  gemm.epilogue = epilogue;
  (bf16_ ? simd::gemm_bf16_run : simd::gemm_run)(gemm, begin, end, scratch);
}

}  // namespace nd::cpu

#include "simd/elementwise.h"

#include "base/philox.h"
#include "simd/program.h"

#include "simd/every_target.h"

namespace nd::simd {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = 12345.0f;

class Elementwise : public EveryTarget {};
ND_FOR_EVERY_TARGET(Elementwise);

struct UnaryCase {
  ElementOp op;
  double (*exact)(double);
  double max_ulp;
};

/// One op over contiguous operands (step 1) or repeated values (step 0).
void apply(const ElementInstruction& instruction, std::vector<ProgramOperand> in, float* y,
           int64_t n, int64_t first = 0, uint64_t seed = 0, uint32_t step = 0) {
  ElementInstruction only = instruction;
  for (size_t k = 0; k < in.size(); ++k) only.in[k] = static_cast<uint8_t>(k);
  run_program(Program(static_cast<int>(in.size()), {only}), {.in = in.data(),
                                                             .out = y,
                                                             .out_stride = n,
                                                             .rows = 1,
                                                             .columns = n,
                                                             .first = first,
                                                             .index_stride = n,
                                                             .seed = seed,
                                                             .step = step});
}

const UnaryCase kUnary[] = {
    {ElementOp::neg, [](double x) { return -x; }, 0},
    {ElementOp::abs, [](double x) { return std::abs(x); }, 0},
    {ElementOp::sign, [](double x) { return double(x > 0) - double(x < 0); }, 0},
    {ElementOp::exp, [](double x) { return std::exp(x); }, 2},
    {ElementOp::log, [](double x) { return std::log(x); }, 4},
    {ElementOp::sqrt, [](double x) { return std::sqrt(x); }, 0},
    {ElementOp::tanh, [](double x) { return std::tanh(x); }, 4},
    {ElementOp::sigmoid,
     [](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }, 4},
    {ElementOp::gelu, [](double x) { return x * 0.5 * std::erfc(-x * M_SQRT1_2); }, 6},
    {ElementOp::relu, [](double x) { return x > 0 || std::isnan(x) ? x : 0; }, 0},
    {ElementOp::softplus,
     [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) + x * 0; }, 4},
};

/// A sweep over the whole range of floats: every 40009th bit pattern, and the interesting values.
std::vector<float> float_sweep() {
  std::vector<float> x = {0.0f,   -0.0f,   kInf,   -kInf,  kNan,    1.0f,    -1.0f,
                          88.7f,  88.73f,  89.0f,  -87.3f, -87.4f,  -100.0f, 100.0f,
                          200.0f, -200.0f, 1e-38f, 1e-45f, -1e-45f, 3e38f,   -3e38f,
                          9.0f,   -9.1f,   10.0f,  -10.0f, 20.0f,   0.5f,    2.0f};
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 40009)
    x.push_back(std::bit_cast<float>(uint32_t(bits)));
  for (int i = -20000; i < 20000; ++i) x.push_back(static_cast<float>(i) * 0.005f);
  return x;
}

TEST_P(Elementwise, UnaryIsAccurateOverAllFloats) {
  const std::vector<float> x = float_sweep();
  std::vector<float> y(x.size());
  for (const UnaryCase& c : kUnary) {
    apply({c.op}, {{x.data(), 0, 1}}, y.data(), static_cast<int64_t>(x.size()));
    double worst = 0;
    float where = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      // sign(NaN) is 0; for the rest infinities may make the written-out formulas NaN where the
      // limit is meant.
      double exact = c.exact(x[i]);
      // Below, the density is a denormal or nearly one: flushed to 0.
      if (c.op == ElementOp::gelu && x[i] < -12.5f && std::abs(y[i]) < 1e-33f) exact = y[i];
      if (c.op == ElementOp::softplus && std::isinf(x[i])) exact = x[i] > 0 ? kInf : 0;
      if (c.op == ElementOp::sigmoid && std::isinf(x[i])) exact = x[i] > 0 ? 1 : 0;
      const double error = ulp_error(y[i], exact);
      if (!(error <= worst)) worst = error, where = x[i];
    }
    EXPECT_LE(worst, c.max_ulp) << "op " << int(c.op) << " at " << where;
    RecordProperty("max_ulp_" + std::to_string(int(c.op)), std::to_string(worst));
  }
}

TEST_P(Elementwise, UnaryTakesAnyLengthAndAlignmentInPlace) {
  for (const int64_t n : lengths()) {
    for (const size_t shift : {0, 1, 5}) {
      for (const UnaryCase& c : kUnary) {
        std::vector<float> buffer = normal_values(static_cast<size_t>(n) + shift + 1);
        buffer.back() = kGuard;
        std::vector<float> expected(buffer.begin() + shift, buffer.end() - 1);
        apply({c.op}, {{buffer.data() + shift, 0, 1}}, buffer.data() + shift, n);
        for (int64_t i = 0; i < n; ++i) {
          ASSERT_LE(ulp_error(buffer[shift + i], c.exact(expected[i])), c.max_ulp)
              << int(c.op) << " n " << n;
        }
        ASSERT_EQ(buffer.back(), kGuard);
      }
    }
  }
}

float binary_reference(ElementOp op, float a, float b) {
  switch (op) {
    case ElementOp::add:
      return a + b;
    case ElementOp::sub:
      return a - b;
    case ElementOp::mul:
      return a * b;
    case ElementOp::div:
      return a / b;
    case ElementOp::maximum:
      return a != a ? a : b != b ? b : a >= b ? a : b;
    case ElementOp::minimum:
      return a != a ? a : b != b ? b : a <= b ? a : b;
    case ElementOp::greater:
      return a > b ? 1.0f : 0.0f;
    default:
      return 0;
  }
}

TEST_P(Elementwise, BinaryMatchesTheScalarForEveryStep) {
  for (const int64_t n : lengths()) {
    std::vector<float> a = normal_values(static_cast<size_t>(n) + 2, 1),
                       b = normal_values(static_cast<size_t>(n) + 2, 2);
    if (n > 8) a[3] = kNan, b[5] = kNan, a[6] = b[6] = 0.5f, a[7] = kInf;
    for (int op = int(ElementOp::add); op <= int(ElementOp::greater); ++op) {
      for (const int a_step : {0, 1}) {
        for (const int b_step : {0, 1}) {
          std::vector<float> y(static_cast<size_t>(n) + 1, kGuard);
          apply({ElementOp(op)}, {{a.data() + 1, 0, a_step}, {b.data() + 1, 0, b_step}}, y.data(),
                n);
          for (int64_t i = 0; i < n; ++i) {
            const float expected =
                binary_reference(ElementOp(op), a[1 + i * a_step], b[1 + i * b_step]);
            ASSERT_EQ(ulp_error(y[i], expected), 0) << "op " << op << " n " << n << " i " << i;
          }
          ASSERT_EQ(y[n], kGuard);
        }
      }
    }
  }
}

TEST_P(Elementwise, GeluGradientIsAccurateOverAllFloats) {
  const std::vector<float> x = float_sweep(), one(x.size(), 1.0f);
  std::vector<float> y(x.size());
  apply({ElementOp::gelu_gradient}, {{x.data(), 0, 1}, {one.data(), 0, 1}}, y.data(),
        static_cast<int64_t>(x.size()));
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    if (std::isnan(v)) {
      EXPECT_TRUE(std::isnan(y[i]));
      continue;
    }
    const double density = std::exp(-0.5 * v * v) / std::sqrt(2 * M_PI);
    const double exact = std::isinf(v) ? (v > 0) : 0.5 * std::erfc(-v * M_SQRT1_2) + v * density;
    // The two terms cancel where the slope is 0, so the error is absolute.
    worst = std::max(worst, std::abs(y[i] - exact));
  }
  EXPECT_LE(worst, 3e-7);
}

TEST_P(Elementwise, SelectFillAndAddInto) {
  for (const int64_t n : lengths()) {
    std::vector<float> c = normal_values(static_cast<size_t>(n) + 1, 3),
                       a = normal_values(static_cast<size_t>(n) + 1, 4);
    const std::vector<float> b = normal_values(static_cast<size_t>(n) + 1, 5);
    for (int64_t i = 0; i < n; i += 2) c[i] = 0;
    for (int steps = 0; steps < 8; ++steps) {
      const int cs = steps & 1, as = steps >> 1 & 1, bs = steps >> 2;
      std::vector<float> y(static_cast<size_t>(n) + 1, kGuard);
      apply({ElementOp::select}, {{c.data(), 0, cs}, {a.data(), 0, as}, {b.data(), 0, bs}},
            y.data(), n);
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], c[i * cs] != 0 ? a[i * as] : b[i * bs]);
      ASSERT_EQ(y[n], kGuard);
    }
    std::vector<float> y(static_cast<size_t>(n) + 1, kGuard);
    fill(y.data(), 2.5f, n);
    add_into(y.data(), a.data(), n);
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], 2.5f + a[i]);
    ASSERT_EQ(y[n], kGuard);
  }
}

TEST_P(Elementwise, DropoutDrawsThePhiloxHalves) {
  const PhiloxKey key{0x123456789abcdef0ull, Stream::dropout, 7, 42};
  for (const float p : {0.0f, 0.3f, 0.5f, 1.0f}) {
    for (const int64_t first : {int64_t{0}, int64_t{3}, int64_t{1000001}, (int64_t{1} << 34) - 6}) {
      for (const int64_t n : lengths()) {
        const std::vector<float> x = normal_values(static_cast<size_t>(n));
        std::vector<float> y(static_cast<size_t>(n) + 1, kGuard);
        apply({ElementOp::dropout, {}, key.substream, p}, {{x.data(), 0, 1}}, y.data(), n, first,
              key.seed, key.step);
        for (int64_t i = 0; i < n; ++i) {
          const bool kept = dropout_keeps(key, static_cast<uint64_t>(first + i), p);
          ASSERT_EQ(y[i], x[i] * (kept ? 1.0f / (1.0f - p) : 0.0f))
              << "p " << p << " first " << first << " i " << i;
        }
        ASSERT_EQ(y[n], kGuard);
      }
    }
  }
}

}  // namespace
}  // namespace nd::simd

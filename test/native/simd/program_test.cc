// Elementwise programs: any operand layout and region size, against one scalar loop.
#include "simd/program.h"

#include "base/philox.h"
#include "simd/every_target.h"

namespace nd::simd {
namespace {

class Programs : public EveryTarget {};
ND_FOR_EVERY_TARGET(Programs);

// d = (a·b + c); e = dropout(relu(d)·s); result = a ≠ 0 ? e - d·s : b, and s = c0·c0 of scalars
// only.
Program test_program() {
  return Program(4, {{ElementOp::mul, {3, 3}},           // 4: s
                     {ElementOp::mul, {0, 1}},           // 5
                     {ElementOp::add, {5, 2}},           // 6: d
                     {ElementOp::relu, {6}},             // 7
                     {ElementOp::mul, {7, 4}},           // 8
                     {ElementOp::dropout, {8}, 9, 0.5},  // 9: e
                     {ElementOp::mul, {6, 4}},           // 10
                     {ElementOp::sub, {9, 10}},          // 11
                     {ElementOp::select, {0, 11, 1}}});
}

float expected(float a, float b, float c, float c0, bool kept) {
  const float s = c0 * c0, d = a * b + c, e = (d > 0 ? d : 0) * s * (kept ? 2.0f : 0.0f);
  return a != 0 ? e - d * s : b;
}

TEST_P(Programs, EveryLayoutOfOperandsAndRegions) {
  const std::vector<float> pool = normal_values(40000, 3);
  const PhiloxKey key{77, Stream::dropout, 9, 5};
  for (const int64_t rows : {1, 2, 3, 7, 50}) {
    for (const int64_t columns : {1, 2, 8, 24, 31, 100, 127, 128, 130, 513, 700}) {
      // Bit 0 of a layout: does the row matter; bit 1: does the column.
      for (int layouts = 0; layouts < 64; ++layouts) {
        std::vector<ProgramOperand> in;
        for (int k = 0; k < 3; ++k) {
          const int layout = layouts >> 2 * k & 3;
          const int64_t stride = layout == 3 ? columns + (layouts == 63 && k == 2 ? 3 : 0) : 1;
          in.push_back({pool.data() + 5 * k, layout & 1 ? stride : 0, layout >> 1});
        }
        in.push_back({pool.data() + 20, 0, 0});
        for (const int64_t gap : {0, 5}) {
          const int64_t ld = columns + gap;
          std::vector<float> out(static_cast<size_t>(rows * ld), -7.0f);
          run_program(test_program(), {.in = in.data(),
                                       .out = out.data(),
                                       .out_stride = ld,
                                       .rows = rows,
                                       .columns = columns,
                                       .first = 1001,
                                       .index_stride = ld,
                                       .seed = key.seed,
                                       .step = key.step});
          for (int64_t r = 0; r < rows; ++r) {
            for (int64_t c = 0; c < ld; ++c) {
              const float got = out[static_cast<size_t>(r * ld + c)];
              if (c >= columns) {
                ASSERT_EQ(got, -7.0f);
                continue;
              }
              const auto value = [&](size_t k) {
                return in[k].at[r * in[k].row_stride + c * in[k].step];
              };
              const bool kept = dropout_keeps(key, static_cast<uint64_t>(1001 + r * ld + c), 0.5);
              ASSERT_NEAR(got, expected(value(0), value(1), value(2), value(3), kept), 1e-5)
                  << rows << " x " << columns << " layouts " << layouts << " at " << r << ", " << c;
            }
          }
        }
      }
    }
  }
}

TEST_P(Programs, InPlaceAndScalarResults) {
  std::vector<float> x = normal_values(2000), saved = x;
  const ProgramOperand in[] = {{x.data(), 20, 1}, {saved.data(), 0, 1}};
  const Program program(2, {{ElementOp::add, {0, 1}}, {ElementOp::mul, {2, 0}}});
  run_program(program, {.in = in,
                        .out = x.data(),
                        .out_stride = 20,
                        .rows = 100,
                        .columns = 20,
                        .index_stride = 20});
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_NEAR(x[i], (saved[i] + saved[i % 20]) * saved[i], 1e-5);

  const ProgramOperand scalars[] = {{saved.data(), 0, 0}, {saved.data() + 1, 0, 0}};
  run_program(program, {.in = scalars,
                        .out = x.data(),
                        .out_stride = 1000,
                        .rows = 2,
                        .columns = 1000,
                        .index_stride = 1000});
  for (float v : x) ASSERT_NEAR(v, (saved[0] + saved[1]) * saved[0], 1e-6);
}

}  // namespace
}  // namespace nd::simd

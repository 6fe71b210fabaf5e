#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/rnn.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/prefetch.h"
#include "simd/rnn-inl.h"
#include "simd/rnn.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

// In rnn_split.cc: A [16, k] · a split or rounded weight, C [16, columns], with scratch of
// row_tiles(k, rounded) floats, more for a split one.
int64_t row_tiles(int64_t k, bool rounded);
void split_product(const float* a, int64_t a_row, int64_t k, const float* split, bool rounded,
                   int64_t columns, float* c, int64_t c_row, float* scratch);

int64_t recurrent_floats(int64_t k, int64_t n, int64_t parts) {
  return groups_of(n, parts) * k * kGroup;
}

// Vector v of group g starts at column g·group + v·vector and holds at most what is left of its
// part.
void recurrent_pack(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n,
                    int64_t parts, int64_t first, int64_t rows, float* packed) {
  const Df d;
  const int64_t part = n / parts, group = parts == 1 ? kGroup : kWidth,
                vector = parts == 1 ? kWidth : part;
  for (int64_t g = 0; g < groups_of(n, parts); ++g) {
    for (int64_t v = 0; v < kSide; ++v) {
      const int64_t column = g * group + v * vector;
      const int64_t count =
          HWY_MAX(int64_t{0}, HWY_MIN(kWidth, parts == 1 ? n - column : part - g * kWidth));
      float* to = packed + (g * rows + first) * kGroup + v * kWidth;
      int64_t row = 0;
      if (b != nullptr && b_row == 1 && count == kWidth) {
        const float* source[kWidth];
        for (int64_t lane = 0; lane < kWidth; ++lane) source[lane] = b + (column + lane) * b_col;
        for (; row + 4 <= k; row += 4) {
          Vf columns[4];
          transpose_four(d, source, row, columns);
          for (int64_t i = 0; i < 4; ++i) hn::Store(columns[i], d, to + (row + i) * kGroup);
        }
      }
      for (; row < k; ++row) {
        float* line = to + row * kGroup;
        for (int64_t lane = 0; lane < kWidth; ++lane)
          line[lane] =
              b != nullptr && lane < count ? b[row * b_row + (column + lane) * b_col] : 0.0f;
      }
    }
  }
}

/// Scratch of one call, each part aligned and its rows padded to whole groups.
struct Scratch {
  int64_t units, outputs;  // of a padded row
  float *h[2], *c, *wide, *sums, *steps, *split;

  static int64_t floats(int64_t inputs, int64_t units, int64_t outputs) {
    const int64_t u = round_up(units, kGroup), p = round_up(outputs, kGroup);
    return kRecurrentRows * (2 * p + 2 * u + 4 * u + step_row(inputs, outputs)) +
           row_tiles(HWY_MAX(4 * u, step_row(inputs, outputs)), false);
  }
  static int64_t step_row(int64_t inputs, int64_t outputs) {
    return round_up(StepRow(inputs, outputs).size, 16);
  }
  Scratch(int64_t inputs, int64_t u, int64_t p, float* memory)
      : units(round_up(u, kGroup)), outputs(round_up(p, kGroup)) {
    h[0] = memory;
    h[1] = h[0] + kRecurrentRows * outputs;
    c = h[1] + kRecurrentRows * outputs;
    wide = c + kRecurrentRows * units;
    sums = wide + kRecurrentRows * units;
    steps = sums + 4 * kRecurrentRows * units;
    split = steps + kRecurrentRows * step_row(inputs, p);
  }
};

HWY_INLINE void set_zero(float* p, int64_t floats) {
  for (int64_t i = 0; i < floats; i += kWidth) hn::Store(hn::Zero(Df()), Df(), p + i);
}

// A [rows, n] of the caller's into scratch rows, or zeros.
HWY_INLINE void load_rows(const float* from, int64_t first, int64_t rows, int64_t n, float* to,
                          int64_t to_row) {
  set_zero(to, rows * to_row);
  if (from == nullptr) return;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < n; j += kWidth)
      store(load(from + (first + i) * n + j, n - j), to + i * to_row + j, n - j);
  }
}

int64_t lstm_scratch(int64_t inputs, int64_t units, int64_t outputs) {
  return Scratch::floats(inputs, units, outputs);
}

void lstm_forward_rows(const LstmForward& l, int64_t first, int64_t rows, float* memory) {
  const Df d;
  const int64_t I = l.inputs, U = l.units, P = l.outputs, T = l.steps;
  const Scratch s(I, U, P, memory);
  const StepRow row(I, P);
  const bool projected = l.w_hr != nullptr;
  const int64_t step_row = Scratch::step_row(I, P);
  load_rows(l.h0, first, rows, P, s.steps, step_row);
  for (int64_t i = 0; i < rows; ++i) s.steps[i * step_row + row.one] = 1.0f;
  load_rows(l.c0, first, rows, U, s.c, s.units);
  if (projected) set_zero(s.wide, rows * s.units);
  // o ⊙ tanh c is h itself, or what is projected to it.
  float* m = projected ? s.wide : s.steps;
  const int64_t m_row = projected ? s.units : step_row;
  const int64_t groups = s.units / kWidth, sums_row = groups * kGroup;
  for (int64_t t = 0; t < T; ++t) {
    for (int64_t i = 0; i < rows; ++i) {
      const float* x = l.x + ((first + i) * T + t) * I;
      for (int64_t j = 0; j < I; j += kWidth)
        store(load(x + j, I - j), s.steps + i * step_row + row.x + j, I - j);
    }
    const int64_t skipped = t == 0 && l.h0 == nullptr ? row.x : 0;  // h is zero
    if (l.split != nullptr) {
      split_product(s.steps, step_row, row.size, l.split, l.rounded, round_up(U, kWidth) * kSide,
                    s.sums, sums_row, s.split);
    }
    for (int64_t g = 0; l.split == nullptr && g * kWidth < U; ++g) {
      group_product(s.steps + skipped, step_row, l.w + (g * row.size + skipped) * kGroup,
                    row.size - skipped, rows, kSide, s.sums + g * kGroup, sums_row);
    }
    for (int64_t i = 0; i < rows; ++i) {
      const float* sum = s.sums + i * sums_row;
      float* out = l.out + ((first + i) * T + t) * l.width;
      for (int64_t unit = 0; unit < U; unit += kWidth, sum += kGroup) {
        const int64_t count = U - unit;
        const auto gate = [&](int64_t q) HWY_ATTR { return hn::Load(d, sum + q * kWidth); };
        const Vf in = sigmoid_total(d, gate(0)), forget = sigmoid_total(d, gate(1)),
                 candidate = tanh_total(d, gate(2)), output = sigmoid_total(d, gate(3));
        float* cell = s.c + i * s.units + unit;
        const Vf c = hn::MulAdd(forget, hn::Load(d, cell), hn::Mul(in, candidate));
        const Vf h = hn::Mul(output, tanh_total(d, c));
        hn::Store(c, d, cell);
        hn::Store(h, d, m + i * m_row + unit);
        store(c, out + P + unit, count);
        if (!projected) store(h, out + unit, count);
        if (l.keeps_gates) {
          float* kept = out + P + U + unit;
          store(in, kept, count);
          store(forget, kept + U, count);
          store(candidate, kept + 2 * U, count);
          store(output, kept + 3 * U, count);
        }
      }
    }
    if (projected) {
      packed_product(s.wide, s.units, l.w_hr, U, P, rows, s.steps, step_row);
      for (int64_t i = 0; i < rows; ++i) {
        float* out = l.out + ((first + i) * T + t) * l.width;
        for (int64_t j = 0; j < P; j += kWidth)
          store(hn::Load(d, s.steps + i * step_row + j), out + j, P - j);
      }
    }
  }
}

void lstm_backward_rows(const LstmBackward& l, int64_t first, int64_t rows, float* memory) {
  const Df d;
  const Vf one = hn::Set(d, 1.0f);
  const int64_t U = l.units, P = l.outputs, T = l.steps;
  const bool projected = l.w_hr != nullptr;
  Scratch s(0, U, P, memory);
  float *recurrent = s.h[0], *total = s.h[1], *carried = s.c, *dm = s.wide, *dgates = s.sums;
  const int64_t gates_row = 4 * s.units;
  set_zero(recurrent, rows * s.outputs);
  set_zero(carried, rows * s.units);
  for (int64_t t = T - 1; t >= 0; --t) {
    // d loss / d h over both paths: by the layers above, and through the next step.
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t at = (first + i) * T + t;
      for (int64_t j = 0; j < P; j += kWidth) {
        const Vf sum =
            hn::Add(hn::Load(d, recurrent + i * s.outputs + j), load(l.dh + at * P + j, P - j));
        hn::Store(sum, d, total + i * s.outputs + j);
        if (projected) store(sum, l.result + at * l.result_width + 4 * U + j, P - j);
      }
    }
    if (projected) packed_product(total, s.outputs, l.w_hr, P, U, rows, dm, s.units);
    const float* m = projected ? dm : total;
    const int64_t m_row = projected ? s.units : s.outputs;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t at = (first + i) * T + t;
      const float *c = l.out + at * l.width + P, *kept = c + U;
      const float* c_before = t > 0             ? c - l.width
                              : l.c0 != nullptr ? l.c0 + (first + i) * U
                                                : nullptr;
      float* out = l.result + at * l.result_width;
      const float* dh_next = l.dh + (at - 1) * P;
      for (int64_t j = 0; j < U; j += kWidth) {
        const int64_t count = U - j;
        // The step before, read and written after the product in between.
        for (int64_t q = -1; q < kSide; ++q) fetch_near(kept - l.width + q * U + j);
        for (int64_t q = 0; q < kSide; ++q) fetch_near(out - l.result_width + q * U + j);
        if (j < P) fetch_near(dh_next + j);
        const Vf in = load(kept + j, count), forget = load(kept + U + j, count),
                 candidate = load(kept + 2 * U + j, count), output = load(kept + 3 * U + j, count);
        const Vf dh = hn::Load(d, m + i * m_row + j), tanh_c = tanh_total(d, load(c + j, count));
        const Vf by_output = hn::Mul(dh, tanh_c);
        Vf dc = hn::MulAdd(hn::Mul(dh, output), hn::NegMulAdd(tanh_c, tanh_c, one),
                           hn::Load(d, carried + i * s.units + j));
        if (l.dc != nullptr) dc = hn::Add(dc, load(l.dc + at * U + j, count));
        const Vf previous = c_before != nullptr ? load(c_before + j, count) : hn::Zero(d);
        const auto by_sigmoid = [&](Vf by, Vf y)
                                    HWY_ATTR { return hn::Mul(by, hn::NegMulAdd(y, y, y)); };
        const Vf parts[kSide] = {by_sigmoid(hn::Mul(dc, candidate), in),
                                 by_sigmoid(hn::Mul(dc, previous), forget),
                                 hn::Mul(hn::Mul(dc, in), hn::NegMulAdd(candidate, candidate, one)),
                                 by_sigmoid(by_output, output)};
        dc = hn::Mul(dc, forget);
        hn::Store(dc, d, carried + i * s.units + j);
        HWY_UNROLL(4)
        for (int64_t q = 0; q < kSide; ++q) {
          store(parts[q], out + q * U + j, count);
          store(parts[q], dgates + i * gates_row + q * U + j, count);  // as W_hh's rows
        }
        if (l.writes_dc) store(dc, out + l.result_width - U + j, count);
      }
    }
    if (t == 0) break;
    if (l.split != nullptr) {
      split_product(dgates, gates_row, 4 * U, l.split, l.rounded, s.outputs, recurrent, s.outputs,
                    s.split);
    } else {
      packed_product(dgates, gates_row, l.w_hh, 4 * U, P, rows, recurrent, s.outputs);
    }
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(recurrent_floats);
HWY_EXPORT(recurrent_pack);
HWY_EXPORT(lstm_scratch);
HWY_EXPORT(lstm_forward_rows);
HWY_EXPORT(lstm_backward_rows);

int64_t recurrent_packed_floats(int64_t k, int64_t n, int64_t parts) {
  return HWY_DYNAMIC_DISPATCH(recurrent_floats)(k, n, parts);
}
void pack_recurrent(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n,
                    int64_t parts, int64_t first, int64_t rows, float* packed) {
  HWY_DYNAMIC_DISPATCH(recurrent_pack)(b, b_row, b_col, k, n, parts, first, rows, packed);
}
int64_t lstm_scratch_floats(int64_t inputs, int64_t units, int64_t outputs) {
  return HWY_DYNAMIC_DISPATCH(lstm_scratch)(inputs, units, outputs);
}
void lstm_forward(const LstmForward& l, int64_t first, int64_t rows, float* scratch) {
  HWY_DYNAMIC_DISPATCH(lstm_forward_rows)(l, first, rows, scratch);
}
void lstm_backward(const LstmBackward& l, int64_t first, int64_t rows, float* scratch) {
  HWY_DYNAMIC_DISPATCH(lstm_backward_rows)(l, first, rows, scratch);
}

}  // namespace nd::simd
#endif  // HWY_ONCE

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/pool.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include <algorithm>
#include <cstring>

#include "simd/dispatch.h"
#include "simd/pool.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;

/// Whether `next` displaces the running maximum `best`: greater, or the first NaN.
HWY_INLINE bool beats(float next, float best) {
  return next > best || (next != next && best == best);
}
HWY_INLINE M beats(V next, V best) {
  return hn::Or(hn::Gt(next, best), hn::AndNot(hn::IsNaN(best), hn::IsNaN(next)));
}

size_t first_maximum(const float* x, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; ++i) {
    if (beats(x[i], x[best])) best = i;
  }
  return best;
}

/// Deinterleaves Lanes() blocks of kKernel elements; only kKernel = 2 and 4 have a vector path.
template <size_t kKernel>
HWY_INLINE void load_blocks(const float* x, V (&v)[kKernel]) {
  if constexpr (kKernel == 2) {
    hn::LoadInterleaved2(D(), x, v[0], v[1]);
  } else {
    hn::LoadInterleaved4(D(), x, v[0], v[1], v[2], v[3]);
  }
}

template <size_t kKernel>
HWY_INLINE size_t pool_vectors(const float* x, size_t blocks, float* y) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  size_t o = 0;
  for (; o + lanes <= blocks; o += lanes) {
    V v[kKernel];
    load_blocks<kKernel>(x + o * kKernel, v);
    V best = v[0];
    HWY_UNROLL(4)
    for (size_t i = 1; i < kKernel; ++i) best = hn::IfThenElse(beats(v[i], best), v[i], best);
    hn::StoreU(best, d, y + o);
  }
  return o;
}

template <size_t kKernel>
HWY_INLINE size_t unpool_vectors(const float* x, const float* dy, size_t blocks, float* dx) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  size_t o = 0;
  for (; o + lanes <= blocks; o += lanes) {
    V v[kKernel], grad[kKernel];
    load_blocks<kKernel>(x + o * kKernel, v);
    V best = v[0];
    grad[0] = hn::LoadU(d, dy + o);
    HWY_UNROLL(4)
    for (size_t i = 1; i < kKernel; ++i) {
      const M wins = beats(v[i], best);
      best = hn::IfThenElse(wins, v[i], best);
      grad[i] = hn::IfThenElseZero(wins, hn::LoadU(d, dy + o));
      HWY_UNROLL(4)
      for (size_t j = 0; j < i; ++j) grad[j] = hn::IfThenZeroElse(wins, grad[j]);
    }
    if constexpr (kKernel == 2) {
      hn::StoreInterleaved2(grad[0], grad[1], d, dx + o * kKernel);
    } else {
      hn::StoreInterleaved4(grad[0], grad[1], grad[2], grad[3], d, dx + o * kKernel);
    }
  }
  return o;
}

void max_pool_rows(const float* x, size_t rows, size_t length, size_t kernel, float* y) {
  const size_t blocks = (length + kernel - 1) / kernel;
  if (kernel == 1) {
    if (rows > 0 && length > 0) std::memcpy(y, x, rows * length * sizeof(float));
    return;
  }
  // Without a ragged last block a matrix pools like one long row.
  const bool joined = length % kernel == 0;
  const size_t lines = joined ? 1 : rows, line_length = joined ? rows * length : length;
  const size_t line_blocks = joined ? rows * blocks : blocks;
  for (size_t r = 0; r < lines; ++r, x += line_length, y += line_blocks) {
    size_t o = 0;
    if (kernel == 2) o = pool_vectors<2>(x, line_length / 2, y);
    if (kernel == 4) o = pool_vectors<4>(x, line_length / 4, y);
    for (; o < line_blocks; ++o) {
      const float* block = x + o * kernel;
      y[o] = block[first_maximum(block, HWY_MIN(kernel, line_length - o * kernel))];
    }
  }
}

void max_pool_rows_gradient(const float* x, const float* dy, size_t rows, size_t length,
                            size_t kernel, float* dx) {
  const size_t blocks = (length + kernel - 1) / kernel;
  if (kernel == 1) {
    if (rows > 0 && length > 0) std::memcpy(dx, dy, rows * length * sizeof(float));
    return;
  }
  const bool joined = length % kernel == 0;
  const size_t lines = joined ? 1 : rows, line_length = joined ? rows * length : length;
  const size_t line_blocks = joined ? rows * blocks : blocks;
  for (size_t r = 0; r < lines; ++r, x += line_length, dx += line_length, dy += line_blocks) {
    size_t o = 0;
    if (kernel == 2) o = unpool_vectors<2>(x, dy, line_length / 2, dx);
    if (kernel == 4) o = unpool_vectors<4>(x, dy, line_length / 4, dx);
    for (; o < line_blocks; ++o) {
      const size_t begin = o * kernel, count = HWY_MIN(kernel, line_length - begin);
      std::fill_n(dx + begin, count, 0.0f);
      dx[begin + first_maximum(x + begin, count)] = dy[o];
    }
  }
}

constexpr size_t kPadded = 4096;  // floats of padded input on the stack: 16 KiB
constexpr size_t kSlack = 64;     // vectors read past the end of a sum, never more than this

/// y[j] = (Σ padded[j … j+window-1]) / window for j < count, by doubling: sums of 1, 2, 4 …
/// elements, of which the binary digits of `window` choose. Destroys `padded`, which holds count +
/// window - 1 floats and slack.
HWY_INLINE void window_means(float* padded, size_t count, size_t window, float* y) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  std::fill_n(y, count, 0.0f);
  const V inverse = hn::Set(d, 1.0f / static_cast<float>(window));
  size_t offset = 0, held = count + window - 1;
  for (size_t width = 1;; width *= 2) {
    const bool last = 2 * width > window;
    if (window & width) {
      for (size_t j = 0; j < count; j += lanes) {
        const size_t part = HWY_MIN(lanes, count - j);
        const V total = hn::Add(hn::LoadN(d, y + j, part), hn::LoadU(d, padded + j + offset));
        hn::StoreN(last ? hn::Mul(total, inverse) : total, d, y + j, part);
      }
      offset += width;
    }
    if (last) return;
    held -= width;
    for (size_t i = 0; i < held; i += lanes) {
      hn::StoreU(hn::Add(hn::LoadU(d, padded + i), hn::LoadU(d, padded + i + width)), d,
                 padded + i);
    }
  }
}

/// Means over a row extended on both sides, chunk by chunk; kReplicate: by its end values, else by
/// zeros.
template <bool kReplicate>
HWY_INLINE void row_means(const float* x, size_t length, size_t window, float* y) {
  const ptrdiff_t half = static_cast<ptrdiff_t>(window / 2), size = static_cast<ptrdiff_t>(length);
  const float before = kReplicate ? x[0] : 0.0f, after = kReplicate ? x[length - 1] : 0.0f;
  if (2 * window >
      kPadded) {  // too wide for the stack buffer: a running sum in double is exact enough
    double total = 0;
    const auto at = [&](ptrdiff_t i) -> double {
      return i < 0 ? before : i >= size ? after : x[i];
    };
    for (ptrdiff_t i = -half; i < half; ++i) total += at(i);
    for (ptrdiff_t i = 0; i < size; ++i) {
      total += at(i + half);
      y[i] = static_cast<float>(total / static_cast<double>(window));
      total -= at(i - half);
    }
    return;
  }
  HWY_ALIGN float padded[kPadded + kSlack];
  const size_t chunk = kPadded - window + 1;
  for (size_t begin = 0; begin < length; begin += chunk) {
    const size_t count = HWY_MIN(chunk, length - begin);
    const ptrdiff_t first = static_cast<ptrdiff_t>(begin) - half,
                    end = first + static_cast<ptrdiff_t>(count + window - 1);
    float* out = padded;
    const ptrdiff_t inside_begin = std::max<ptrdiff_t>(first, 0), inside_end = std::min(end, size);
    out = std::fill_n(out, inside_begin - first, before);
    out = std::copy(x + inside_begin, x + inside_end, out);
    out = std::fill_n(out, end - inside_end, after);
    std::fill_n(out, kSlack, 0.0f);
    window_means(padded, count, window, y + begin);
  }
}

void moving_average_rows(const float* x, size_t rows, size_t length, size_t window, float* y) {
  if (length == 0) return;
  for (size_t r = 0; r < rows; ++r) row_means<true>(x + r * length, length, window, y + r * length);
}

void moving_average_rows_gradient(const float* dy, size_t rows, size_t length, size_t window,
                                  float* dx) {
  if (length == 0) return;
  const size_t half = window / 2;
  for (size_t r = 0; r < rows; ++r, dy += length, dx += length) {
    row_means<false>(dy, length, window, dx);
    // y[j] read the first value half - j more times than the row holds it, and likewise at the end.
    double first = 0, last = 0;
    for (size_t j = 0; j < HWY_MIN(half, length); ++j) {
      first += static_cast<double>(half - j) * dy[j];
      last += static_cast<double>(half - j) * dy[length - 1 - j];
    }
    dx[0] += static_cast<float>(first / static_cast<double>(window));
    dx[length - 1] += static_cast<float>(last / static_cast<double>(window));
  }
}

using D64 = hn::ScalableTag<double>;
using DHalf = hn::Rebind<float, D64>;  // as many floats as one vector holds doubles
using V64 = hn::Vec<D64>;
constexpr size_t kColumnVectors = 4;

/// Columns of kVectors·Lanes(D64) floats, or, when kPartial, the first `part` of one vector.
template <size_t kVectors, bool kPartial>
struct Columns {
  const float* x;
  float* y;
  size_t stride, part;

  HWY_INLINE V64 load(size_t row, size_t j) const {
    const DHalf dh;
    const float* from = x + row * stride + j * hn::Lanes(dh);
    return hn::PromoteTo(D64(), kPartial ? hn::LoadN(dh, from, part) : hn::LoadU(dh, from));
  }
  HWY_INLINE V64 load_result(size_t row, size_t j) const {
    const DHalf dh;
    const float* from = y + row * stride + j * hn::Lanes(dh);
    return hn::PromoteTo(D64(), kPartial ? hn::LoadN(dh, from, part) : hn::LoadU(dh, from));
  }
  HWY_INLINE void store(V64 value, size_t row, size_t j) const {
    const DHalf dh;
    float* to = y + row * stride + j * hn::Lanes(dh);
    if (kPartial) {
      hn::StoreN(hn::DemoteTo(dh, value), dh, to, part);
    } else {
      hn::StoreU(hn::DemoteTo(dh, value), dh, to);
    }
  }

  /// Rows beyond the ends are the end rows.
  HWY_INLINE void averages(size_t length, size_t window) const {
    const D64 d;
    const size_t half = window / 2, last = length - 1;
    const V64 inverse = hn::Set(d, 1.0 / static_cast<double>(window));
    V64 total[kVectors];
    HWY_UNROLL(4)
    for (size_t j = 0; j < kVectors; ++j) {
      total[j] = hn::Mul(load(0, j), hn::Set(d, static_cast<double>(half)));
      for (size_t i = 0; i < half; ++i) total[j] = hn::Add(total[j], load(HWY_MIN(i, last), j));
    }
    for (size_t t = 0; t < length; ++t) {
      HWY_UNROLL(4)
      for (size_t j = 0; j < kVectors; ++j) {
        total[j] = hn::Add(total[j], load(HWY_MIN(t + half, last), j));
        store(hn::Mul(total[j], inverse), t, j);
        total[j] = hn::Sub(total[j], load(t >= half ? t - half : 0, j));
      }
    }
  }

  /// The adjoint: sums without what lies beyond the ends, and the end rows once for every time that
  /// they were repeated.
  HWY_INLINE void adjoint(size_t length, size_t window) const {
    const D64 d;
    const size_t half = window / 2;
    const V64 inverse = hn::Set(d, 1.0 / static_cast<double>(window));
    V64 total[kVectors];
    HWY_UNROLL(4)
    for (size_t j = 0; j < kVectors; ++j) {
      total[j] = hn::Zero(d);
      for (size_t i = 0; i < HWY_MIN(half, length); ++i) total[j] = hn::Add(total[j], load(i, j));
    }
    for (size_t t = 0; t < length; ++t) {
      HWY_UNROLL(4)
      for (size_t j = 0; j < kVectors; ++j) {
        if (t + half < length) total[j] = hn::Add(total[j], load(t + half, j));
        store(hn::Mul(total[j], inverse), t, j);
        if (t >= half) total[j] = hn::Sub(total[j], load(t - half, j));
      }
    }
    HWY_UNROLL(4)
    for (size_t j = 0; j < kVectors; ++j) {
      V64 first = hn::Zero(d), end = hn::Zero(d);
      for (size_t i = 0; i < HWY_MIN(half, length); ++i) {
        const V64 times = hn::Set(d, static_cast<double>(half - i));
        first = hn::MulAdd(times, load(i, j), first);
        end = hn::MulAdd(times, load(length - 1 - i, j), end);
      }
      store(hn::MulAdd(first, inverse, load_result(0, j)), 0, j);
      store(hn::MulAdd(end, inverse, load_result(length - 1, j)), length - 1, j);
    }
  }
};

/// Calls f with a Columns for every part of the width.
template <class F>
HWY_INLINE void for_columns(const float* x, size_t stride, size_t width, float* y, F f) {
  const size_t lanes = hn::Lanes(D64()), block = kColumnVectors * lanes;
  size_t c = 0;
  for (; c + block <= width; c += block) f(Columns<kColumnVectors, false>{x + c, y + c, stride, 0});
  for (; c + lanes <= width; c += lanes) f(Columns<1, false>{x + c, y + c, stride, 0});
  if (c < width) f(Columns<1, true>{x + c, y + c, stride, width - c});
}

void moving_average_columns(const float* x, size_t length, size_t stride, size_t width,
                            size_t window, float* y) {
  if (length == 0) return;
  for_columns(x, stride, width, y,
              [=](const auto& columns) HWY_ATTR { columns.averages(length, window); });
}

void moving_average_columns_gradient(const float* dy, size_t length, size_t stride, size_t width,
                                     size_t window, float* dx) {
  if (length == 0) return;
  for_columns(dy, stride, width, dx,
              [=](const auto& columns) HWY_ATTR { columns.adjoint(length, window); });
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(max_pool_rows);
HWY_EXPORT(max_pool_rows_gradient);
HWY_EXPORT(moving_average_rows);
HWY_EXPORT(moving_average_rows_gradient);
HWY_EXPORT(moving_average_columns);
HWY_EXPORT(moving_average_columns_gradient);

void max_pool_rows(const float* x, int64_t rows, int64_t length, int64_t kernel, float* y) {
  HWY_DYNAMIC_DISPATCH(max_pool_rows)
  (x, static_cast<size_t>(rows), static_cast<size_t>(length), static_cast<size_t>(kernel), y);
}
void max_pool_rows_gradient(const float* x, const float* dy, int64_t rows, int64_t length,
                            int64_t kernel, float* dx) {
  HWY_DYNAMIC_DISPATCH(max_pool_rows_gradient)
  (x, dy, static_cast<size_t>(rows), static_cast<size_t>(length), static_cast<size_t>(kernel), dx);
}
void moving_average_rows(const float* x, int64_t rows, int64_t length, int64_t window, float* y) {
  HWY_DYNAMIC_DISPATCH(moving_average_rows)
  (x, static_cast<size_t>(rows), static_cast<size_t>(length), static_cast<size_t>(window), y);
}
void moving_average_rows_gradient(const float* dy, int64_t rows, int64_t length, int64_t window,
                                  float* dx) {
  HWY_DYNAMIC_DISPATCH(moving_average_rows_gradient)
  (dy, static_cast<size_t>(rows), static_cast<size_t>(length), static_cast<size_t>(window), dx);
}
void moving_average_columns(const float* x, int64_t length, int64_t stride, int64_t width,
                            int64_t window, float* y) {
  HWY_DYNAMIC_DISPATCH(moving_average_columns)
  (x, static_cast<size_t>(length), static_cast<size_t>(stride), static_cast<size_t>(width),
   static_cast<size_t>(window), y);
}
void moving_average_columns_gradient(const float* dy, int64_t length, int64_t stride, int64_t width,
                                     int64_t window, float* dx) {
  HWY_DYNAMIC_DISPATCH(moving_average_columns_gradient)
  (dy, static_cast<size_t>(length), static_cast<size_t>(stride), static_cast<size_t>(width),
   static_cast<size_t>(window), dx);
}

}  // namespace nd::simd
#endif  // HWY_ONCE

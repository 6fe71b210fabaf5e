// Naive definitions of attention, its gradient and the ops over rows and windows around it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/reference/kernels.h"
#include "base/philox.h"

namespace nd::reference {

namespace {

// One head of attention, by the attributes and operands of the op.
class Head {
 public:
  Head(const KernelArgs& a, int64_t row, int64_t head) : a_(a), row_(row), head_(head) {}

  int64_t heads() const { return a_.attrs.ints[0]; }
  int64_t queries() const { return a_.in_dims[1][1]; }
  int64_t keys() const { return a_.in_dims[0][1]; }
  int64_t depth(size_t operand) const { return a_.in_dims[operand][2] / heads(); }
  /// Position of (step, column of this head) in operand `operand`.
  int64_t at(size_t operand, int64_t step, int64_t column) const {
    const Dims& dims = a_.in_dims[operand];
    return (row_ * dims[1] + step) * dims[2] + head_ * depth(operand) + column;
  }
  double value(size_t operand, int64_t step, int64_t column) const {
    return (*a_.in[operand])[static_cast<size_t>(at(operand, step, column))];
  }
  bool sees(int64_t query, int64_t key) const { return a_.attrs.ints[1] == 0 || key <= query; }

  /// Weights of query i after the softmax, before dropout; `pairs_end` = one after the last key.
  std::vector<double> weights(int64_t i, size_t pairs_end) const {
    std::vector<double> w(static_cast<size_t>(keys()), -std::numeric_limits<double>::infinity());
    for (int64_t j = 0; j < keys(); ++j) {
      if (!sees(i, j)) continue;
      double score = 0;
      for (size_t q = 1; q < pairs_end; q += 2)
        for (int64_t c = 0; c < depth(q); ++c) score += value(q, i, c) * value(q + 1, j, c);
      w[static_cast<size_t>(j)] = score;
    }
    const double top = *std::max_element(w.begin(), w.end());
    double total = 0;
    for (double& x : w) total += x = std::exp(x - top);
    for (double& x : w) x /= total;
    return w;
  }
  /// Factor of element (i, j): 0 or 1 / (1 - p).
  double kept(int64_t i, int64_t j) const {
    const double p = a_.attrs.reals[0];
    if (p == 0) return 1;
    const PhiloxKey key{a_.seed, Stream::dropout, static_cast<uint32_t>(a_.attrs.ints[2]), a_.step};
    const int64_t blocks = (keys() + 7) / 8;
    const int64_t block = ((row_ * heads() + head_) * queries() + i) * blocks + j / 8;
    const bool stays = philox_half(key, static_cast<uint32_t>(block),
                                   static_cast<uint32_t>(j % 8)) < kept_draws(p);
    return stays ? 1 / (1 - p) : 0;
  }

 private:
  const KernelArgs& a_;
  int64_t row_, head_;
};

// Rows of `length`: calls visit(first position of the row).
template <class Visit>
void for_each_row(const KernelArgs& a, Visit visit) {
  const auto length = static_cast<size_t>(a.in_dims[0].back());
  for (size_t base = 0; base < a.in[0]->size(); base += length) visit(base, length);
}

struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(const double* x, size_t length, double eps) {
  Moments m;
  for (size_t i = 0; i < length; ++i) m.mean += x[i] / static_cast<double>(length);
  for (size_t i = 0; i < length; ++i)
    m.deviation += (x[i] - m.mean) * (x[i] - m.mean) / static_cast<double>(length);
  m.deviation = std::sqrt(m.deviation + eps);
  return m;
}

// Calls visit(position in the folded tensor, position in the unfolded one) for every element of the
// latter.
template <class Visit>
void for_each_unfolded(const Dims& unfolded, const Attrs& attrs, Visit visit) {
  const auto axis = static_cast<size_t>(attrs.ints[0]);
  const int64_t size = attrs.ints[1], step = attrs.ints[2], length = attrs.ints[3];
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < axis; ++i) outer *= unfolded[i];
  for (size_t i = axis + 2; i < unfolded.size(); ++i) inner *= unfolded[i];
  int64_t position = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t n = 0; n < unfolded[axis]; ++n)
      for (int64_t k = 0; k < size; ++k)
        for (int64_t i = 0; i < inner; ++i, ++position)
          visit((o * length + n * step + k) * inner + i, position);
}

}  // namespace

void attention(const KernelArgs& a) {
  const int64_t rows = a.in_dims[0][0], heads = a.attrs.ints[0];
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t h = 0; h < heads; ++h) {
      const Head head(a, row, h);
      const int64_t depth = head.depth(0);
      for (int64_t i = 0; i < head.queries(); ++i) {
        const std::vector<double> w = head.weights(i, a.in.size());
        double* out = a.out.data() + (row * head.queries() + i) * heads * depth + h * depth;
        for (int64_t j = 0; j < head.keys(); ++j)
          for (int64_t c = 0; c < depth; ++c)
            out[c] += w[static_cast<size_t>(j)] * head.kept(i, j) * head.value(0, j, c);
      }
    }
  }
}

void attention_gradient(const KernelArgs& a) {
  const int64_t rows = a.in_dims[0][0], heads = a.attrs.ints[0];
  const size_t d_out = a.in.size() - 1, operands = a.in.size() - 2;
  std::vector<double*> part;  // the derivative by each operand
  double* next = a.out.data();
  for (size_t k = 0; k < operands; ++k) {
    part.push_back(next);
    next += a.in[k]->size();
  }
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t h = 0; h < heads; ++h) {
      const Head head(a, row, h);
      for (int64_t i = 0; i < head.queries(); ++i) {
        const std::vector<double> w = head.weights(i, operands);
        std::vector<double> dw(w.size(), 0.0);
        double mean = 0;
        for (int64_t j = 0; j < head.keys(); ++j) {
          const auto at = static_cast<size_t>(j);
          for (int64_t c = 0; c < head.depth(0); ++c) {
            dw[at] += head.kept(i, j) * head.value(d_out, i, c) * head.value(0, j, c);
            part[0][head.at(0, j, c)] += w[at] * head.kept(i, j) * head.value(d_out, i, c);
          }
          mean += w[at] * dw[at];
        }
        for (int64_t j = 0; j < head.keys(); ++j) {
          const double d_score = w[static_cast<size_t>(j)] * (dw[static_cast<size_t>(j)] - mean);
          for (size_t q = 1; q < operands; q += 2) {
            for (int64_t c = 0; c < head.depth(q); ++c) {
              part[q][head.at(q, i, c)] += d_score * head.value(q + 1, j, c);
              part[q + 1][head.at(q + 1, j, c)] += d_score * head.value(q, i, c);
            }
          }
        }
      }
    }
  }
}

void softmax(const KernelArgs& a) {
  for_each_row(a, [&](size_t base, size_t length) {
    const double* x = a.in[0]->data() + base;
    const double top = *std::max_element(x, x + length);
    double total = 0;
    for (size_t i = 0; i < length; ++i) total += a.out[base + i] = std::exp(x[i] - top);
    for (size_t i = 0; i < length; ++i) a.out[base + i] /= total;
  });
}

void softmax_gradient(const KernelArgs& a) {
  for_each_row(a, [&](size_t base, size_t length) {
    const double *y = a.in[0]->data() + base, *dy = a.in[1]->data() + base;
    double mean = 0;
    for (size_t i = 0; i < length; ++i) mean += y[i] * dy[i];
    for (size_t i = 0; i < length; ++i) a.out[base + i] = y[i] * (dy[i] - mean);
  });
}

void layer_norm(const KernelArgs& a) {
  for_each_row(a, [&](size_t base, size_t length) {
    const double* x = a.in[0]->data() + base;
    const Moments m = moments(x, length, a.attrs.reals[0]);
    for (size_t i = 0; i < length; ++i) a.out[base + i] = (x[i] - m.mean) / m.deviation;
  });
}

void layer_norm_gradient(const KernelArgs& a) {
  for_each_row(a, [&](size_t base, size_t length) {
    const double *x = a.in[0]->data() + base, *dy = a.in[1]->data() + base;
    const Moments m = moments(x, length, a.attrs.reals[0]);
    double mean = 0, along = 0;
    for (size_t i = 0; i < length; ++i) {
      mean += dy[i] / static_cast<double>(length);
      along += dy[i] * (x[i] - m.mean) / m.deviation / static_cast<double>(length);
    }
    for (size_t i = 0; i < length; ++i)
      a.out[base + i] = (dy[i] - mean - (x[i] - m.mean) / m.deviation * along) / m.deviation;
  });
}

void unfold(const KernelArgs& a) {
  for_each_unfolded(a.out_dims, a.attrs, [&](int64_t folded, int64_t unfolded) {
    a.out[static_cast<size_t>(unfolded)] = (*a.in[0])[static_cast<size_t>(folded)];
  });
}

void fold(const KernelArgs& a) {
  for_each_unfolded(a.in_dims[0], a.attrs, [&](int64_t folded, int64_t unfolded) {
    a.out[static_cast<size_t>(folded)] += (*a.in[0])[static_cast<size_t>(unfolded)];
  });
}

void batch_matmul(const KernelArgs& args) {
  const bool trans_a = args.attrs.ints[0] != 0, trans_b = args.attrs.ints[1] != 0;
  const size_t rank = args.out_dims.size();
  const int64_t m = args.out_dims[rank - 2], n = args.out_dims[rank - 1];
  const int64_t k = args.in_dims[0][trans_a ? rank - 2 : rank - 1];
  const auto count = static_cast<int64_t>(args.out.size()) / (m * n);
  for (int64_t item = 0; item < count; ++item) {
    const double* a = args.in[0]->data() + item * m * k;
    const double* b = args.in[1]->data() + item * k * n;
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double total = 0;
        for (int64_t p = 0; p < k; ++p)
          total +=
              (trans_a ? a[p * m + i] : a[i * k + p]) * (trans_b ? b[j * k + p] : b[p * n + j]);
        args.out[static_cast<size_t>((item * m + i) * n + j)] = total;
      }
    }
  }
}

void part(const KernelArgs& a) {
  // Results lie one after the other, each for the whole batch.
  const int64_t rows = a.in_dims[0][0];
  const auto first = a.in[0]->begin() + a.attrs.ints[0] * rows;
  std::copy(first, first + static_cast<int64_t>(a.out.size()), a.out.begin());
}

}  // namespace nd::reference

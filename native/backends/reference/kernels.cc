#include "backends/reference/kernels.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "backends/reference/place_kernels.h"
#include "base/philox.h"
#include "ops/fused.h"
#include "ops/list.h"

namespace nd::reference {

Dims dims_of(const Shape& shape, int64_t windows) {
  Dims dims;
  if (shape.is_batched()) dims.push_back(shape.batch * windows);
  dims.insert(dims.end(), shape.dims.begin(), shape.dims.end());
  return dims;
}

namespace {

int64_t product(const Dims& dims) {
  int64_t result = 1;
  for (int64_t d : dims) result *= d;
  return result;
}

// Visits every index of `dims` in row-major order.
template <class Visit>
void for_each_index(const Dims& dims, Visit visit) {
  Dims index(dims.size(), 0);
  for (int64_t flat = 0, total = product(dims); flat < total; ++flat) {
    visit(index, flat);
    for (size_t axis = dims.size(); axis-- > 0;) {
      if (++index[axis] < dims[axis]) break;
      index[axis] = 0;
    }
  }
}

int64_t flatten(const Dims& index, const Dims& dims) {
  int64_t flat = 0;
  for (size_t i = 0; i < dims.size(); ++i) flat = flat * dims[i] + index[i];
  return flat;
}

// Position in an operand of `dims` that is broadcast (trailing-aligned) to `index`.
int64_t broadcast_position(const Dims& index, const Dims& dims) {
  const size_t lead = index.size() > dims.size() ? index.size() - dims.size() : 0;
  const size_t extra = dims.size() > index.size() ? dims.size() - index.size() : 0;
  int64_t flat = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t at = i < extra ? 0 : index[i - extra + lead];
    flat = flat * dims[i] + (dims[i] == 1 ? 0 : at);
  }
  return flat;
}

template <double (*F)(double)>
void map1(const KernelArgs& a) {
  std::transform(a.in[0]->begin(), a.in[0]->end(), a.out.begin(), F);
}

template <double (*F)(double, double)>
void map2(const KernelArgs& a) {
  for_each_index(a.out_dims, [&](const Dims& index, int64_t flat) {
    a.out[flat] = F((*a.in[0])[broadcast_position(index, a.in_dims[0])],
                    (*a.in[1])[broadcast_position(index, a.in_dims[1])]);
  });
}

double add(double x, double y) { return x + y; }
double sub(double x, double y) { return x - y; }
double mul(double x, double y) { return x * y; }
double div(double x, double y) { return x / y; }
double maximum(double x, double y) {
  return std::isnan(x) || std::isnan(y) ? x + y : (y > x ? y : x);
}
double minimum(double x, double y) {
  return std::isnan(x) || std::isnan(y) ? x + y : (y < x ? y : x);
}
double greater(double x, double y) { return x > y ? 1 : 0; }
double neg(double x) { return -x; }
double abs(double x) { return std::fabs(x); }
double sign(double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); }
double exp(double x) { return std::exp(x); }
double log(double x) { return std::log(x); }
double sqrt(double x) { return std::sqrt(x); }
double tanh(double x) { return std::tanh(x); }
double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}
double relu(double x) { return std::isnan(x) ? x : (x > 0 ? x : 0); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
double normal_cdf(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }
double gelu(double x) { return x * normal_cdf(x); }
double gelu_gradient(double x, double dy) {
  return dy * (normal_cdf(x) + x * std::exp(-0.5 * x * x) * (0.5 * M_2_SQRTPI * M_SQRT1_2));
}

void where(const KernelArgs& a) {
  for_each_index(a.out_dims, [&](const Dims& index, int64_t flat) {
    const bool chosen = (*a.in[0])[broadcast_position(index, a.in_dims[0])] != 0;
    const size_t branch = chosen ? 1 : 2;
    a.out[flat] = (*a.in[branch])[broadcast_position(index, a.in_dims[branch])];
  });
}

void matmul(const KernelArgs& args) {
  const bool trans_a = args.attrs.ints[0] != 0, trans_b = args.attrs.ints[1] != 0;
  const std::vector<double>&a = *args.in[0], &b = *args.in[1];
  const int64_t cols_a = args.in_dims[0].back(), rows_a = static_cast<int64_t>(a.size()) / cols_a;
  const int64_t m = trans_a ? cols_a : rows_a, k = trans_a ? rows_a : cols_a,
                n = args.out_dims.back();
  const int64_t cols_b = args.in_dims[1].back();
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double total = 0;
      for (int64_t p = 0; p < k; ++p) {
        total += (trans_a ? a[p * cols_a + i] : a[i * cols_a + p]) *
                 (trans_b ? b[j * cols_b + p] : b[p * cols_b + j]);
      }
      args.out[i * n + j] = total;
    }
  }
}

void sum(const KernelArgs& a) {
  // Output position = the input's index with summed axes at 0, in the shape that keeps them.
  Dims kept = a.in_dims[0];
  for (size_t i = 1; i < a.attrs.ints.size(); ++i) kept[static_cast<size_t>(a.attrs.ints[i])] = 1;
  for_each_index(a.in_dims[0], [&](const Dims& index, int64_t flat) {
    a.out[broadcast_position(index, kept)] += (*a.in[0])[flat];
  });
}

void copy(const KernelArgs& a) { a.out = *a.in[0]; }

void transpose(const KernelArgs& a) {
  for_each_index(a.out_dims, [&](const Dims& index, int64_t flat) {
    Dims source(index.size());
    for (size_t i = 0; i < index.size(); ++i)
      source[static_cast<size_t>(a.attrs.ints[i])] = index[i];
    a.out[flat] = (*a.in[0])[flatten(source, a.in_dims[0])];
  });
}

void slice(const KernelArgs& a) {
  for_each_index(a.out_dims, [&](const Dims& index, int64_t flat) {
    Dims source = index;
    source[static_cast<size_t>(a.attrs.ints[0])] += a.attrs.ints[1];
    a.out[flat] = (*a.in[0])[flatten(source, a.in_dims[0])];
  });
}

void concat(const KernelArgs& a) {
  const size_t axis = static_cast<size_t>(a.attrs.ints[0]);
  int64_t begin = 0;
  for (size_t part = 0; part < a.in.size(); ++part) {
    for_each_index(a.in_dims[part], [&](const Dims& index, int64_t flat) {
      Dims target = index;
      target[axis] += begin;
      a.out[flatten(target, a.out_dims)] = (*a.in[part])[flat];
    });
    begin += a.in_dims[part][axis];
  }
}

void reverse(const KernelArgs& a) {
  const size_t axis = static_cast<size_t>(a.attrs.ints[0]);
  for_each_index(a.out_dims, [&](const Dims& index, int64_t flat) {
    Dims source = index;
    source[axis] = a.out_dims[axis] - 1 - index[axis];
    a.out[flat] = (*a.in[0])[flatten(source, a.in_dims[0])];
  });
}

void pad(const KernelArgs& a) {
  for_each_index(a.in_dims[0], [&](const Dims& index, int64_t flat) {
    Dims target = index;
    target[static_cast<size_t>(a.attrs.ints[0])] += a.attrs.ints[1];
    a.out[flatten(target, a.out_dims)] = (*a.in[0])[flat];
  });
}

void broadcast(const KernelArgs& a) {
  for_each_index(a.out_dims, [&](const Dims& index, int64_t flat) {
    a.out[flat] = (*a.in[0])[broadcast_position(index, a.in_dims[0])];
  });
}

// Index of the first maximum of block `block`; NaN counts as a maximum, so that it propagates.
int64_t first_maximum(const double* row, int64_t length, int64_t kernel, int64_t block) {
  int64_t best = block * kernel;
  for (int64_t t = best + 1; t < std::min(length, (block + 1) * kernel); ++t) {
    if (row[t] > row[best] || (std::isnan(row[t]) && !std::isnan(row[best]))) best = t;
  }
  return best;
}

void max_pool1d(const KernelArgs& a) {
  const int64_t length = a.in_dims[0].back(), kernel = a.attrs.ints[0], blocks = a.out_dims.back();
  for (int64_t i = 0; i < static_cast<int64_t>(a.out.size()); ++i) {
    const double* row = a.in[0]->data() + i / blocks * length;
    a.out[i] = row[first_maximum(row, length, kernel, i % blocks)];
  }
}

void max_pool1d_gradient(const KernelArgs& a) {
  const int64_t length = a.in_dims[0].back(), kernel = a.attrs.ints[0],
                blocks = a.in_dims[1].back();
  for (int64_t i = 0; i < static_cast<int64_t>(a.in[1]->size()); ++i) {
    const int64_t base = i / blocks * length;
    a.out[base + first_maximum(a.in[0]->data() + base, length, kernel, i % blocks)] +=
        (*a.in[1])[i];
  }
}

// Calls visit(output position, input position) for every term of every average.
template <class Visit>
void for_each_average_term(const KernelArgs& a, Visit visit) {
  const size_t axis = static_cast<size_t>(a.attrs.ints[1]);
  const int64_t length = a.out_dims[axis], half = a.attrs.ints[0] / 2;
  int64_t step = 1;
  for (size_t i = axis + 1; i < a.out_dims.size(); ++i) step *= a.out_dims[i];
  for (int64_t i = 0; i < static_cast<int64_t>(a.out.size()); ++i) {
    const int64_t t = i / step % length;
    for (int64_t d = -half; d <= half; ++d)
      visit(i, i + (std::clamp<int64_t>(t + d, 0, length - 1) - t) * step);
  }
}

void moving_average(const KernelArgs& a) {
  const double weight = 1.0 / static_cast<double>(a.attrs.ints[0]);
  for_each_average_term(a,
                        [&](int64_t to, int64_t from) { a.out[to] += weight * (*a.in[0])[from]; });
}

void moving_average_gradient(const KernelArgs& a) {
  const double weight = 1.0 / static_cast<double>(a.attrs.ints[0]);
  for_each_average_term(a,
                        [&](int64_t to, int64_t from) { a.out[from] += weight * (*a.in[0])[to]; });
}

void dropout(const KernelArgs& a) {
  const double p = a.attrs.reals[0];
  const PhiloxKey key{a.seed, Stream::dropout, static_cast<uint32_t>(a.attrs.ints[0]), a.step};
  for (size_t i = 0; i < a.out.size(); ++i) {
    a.out[i] = dropout_keeps(key, i, p) ? (*a.in[0])[i] / (1 - p) : 0;
  }
}

// Every step on operands that were repeated to the full shape before.
void fused(const KernelArgs& a) {
  const std::vector<FusedStep> steps = decode_fused(a.attrs).steps;
  std::vector<std::vector<double>> values(a.in.size() + steps.size(),
                                          std::vector<double>(a.out.size()));
  for (size_t k = 0; k < a.in.size(); ++k) {
    for_each_index(a.out_dims, [&](const Dims& index, int64_t flat) {
      values[k][flat] = (*a.in[k])[broadcast_position(index, a.in_dims[k])];
    });
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    std::vector<const std::vector<double>*> operands;
    for (int64_t operand : steps[i].operands) operands.push_back(&values[operand]);
    const std::vector<Dims> dims(operands.size(), a.out_dims);
    find_kernel (*steps[i].op)(
        {operands, dims, a.out_dims, steps[i].attrs, a.seed, a.step, values[a.in.size() + i]});
  }
  a.out = values.back();
}

// The product, then the steps with the product as operand 0.
void matmul_fused(const KernelArgs& a) {
  std::vector<double> product(a.out.size());
  matmul({a.in, a.in_dims, a.out_dims, a.attrs, a.seed, a.step, product});
  std::vector<const std::vector<double>*> in = {&product};
  std::vector<Dims> dims = {a.out_dims};
  in.insert(in.end(), a.in.begin() + 2, a.in.end());
  dims.insert(dims.end(), a.in_dims.begin() + 2, a.in_dims.end());
  const Attrs steps{{a.attrs.ints.begin() + 2, a.attrs.ints.end()}, a.attrs.reals};
  fused({in, dims, a.out_dims, steps, a.seed, a.step, a.out});
}

}  // namespace

Kernel find_kernel(const OpDef& op) {
  static const std::map<const OpDef*, Kernel> kKernels = {
      {&kAdd, map2<add>},
      {&kSub, map2<sub>},
      {&kMul, map2<mul>},
      {&kDiv, map2<div>},
      {&kMaximum, map2<maximum>},
      {&kMinimum, map2<minimum>},
      {&kGreater, map2<greater>},
      {&kWhere, where},
      {&kNeg, map1<neg>},
      {&kAbs, map1<abs>},
      {&kSign, map1<sign>},
      {&kExp, map1<exp>},
      {&kLog, map1<log>},
      {&kSqrt, map1<sqrt>},
      {&kTanh, map1<tanh>},
      {&kSigmoid, map1<sigmoid>},
      {&kRelu, map1<relu>},
      {&kSoftplus, map1<softplus>},
      {&kMatMul, matmul},
      {&kSum, sum},
      {&kReshape, copy},
      {&kDetach, copy},
      {&kTranspose, transpose},
      {&kSlice, slice},
      {&kConcat, concat},
      {&kReverse, reverse},
      {&kPad, pad},
      {&kBroadcast, broadcast},
      {&kMaxPool1d, max_pool1d},
      {&kMaxPool1dGradient, max_pool1d_gradient},
      {&kMovingAverage, moving_average},
      {&kMovingAverageGradient, moving_average_gradient},
      {&kTopK, top_k},
      {&kGather, gather},
      {&kScatterAdd, scatter_add},
      {&kDelayAggregate, delay_aggregate},
      {&kDelayCorrelate, delay_correlate},
      {&kLstm, lstm},
      {&kLstmGradient, lstm_gradient},
      {&kDropout, dropout},
      {&kFused, fused},
      {&kMatMulFused, matmul_fused},
      {&kGelu, map1<gelu>},
      {&kGeluGradient, map2<gelu_gradient>},
      {&kSoftmax, softmax},
      {&kSoftmaxGradient, softmax_gradient},
      {&kLayerNorm, layer_norm},
      {&kLayerNormGradient, layer_norm_gradient},
      {&kColumnMoments, column_moments},
      {&kBatchNorm, batch_norm},
      {&kBatchNormGradient, batch_norm_gradient},
      {&kUnfold, unfold},
      {&kFold, fold},
      {&kBatchMatMul, batch_matmul},
      {&kAttention, attention},
      {&kAttentionGradient, attention_gradient},
      {&kPart, part},
  };
  const auto it = kKernels.find(&op);
  return it == kKernels.end() ? nullptr : it->second;
}

}  // namespace nd::reference

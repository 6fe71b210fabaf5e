#include <numeric>

#include "base/error.h"
#include "losses/distributions/families.h"
#include "losses/distributions/math.h"

namespace nd {
namespace {
using namespace distribution;  // NOLINT: the vocabulary of domain maps

/// Added to every width, height and slope, so that none of them is 0.
constexpr double kLeast = 1e-4;

/// Row i of the result is the sum of those before it, itself too if `inclusive`: x·M sums along the
/// last axis.
Var running_sum(Var x, bool inclusive) {
  const int64_t n = x.shape().dims.back();
  std::vector<double> ones(static_cast<size_t>(n * n), 0.0);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + (inclusive ? 0 : 1); j < n; ++j) ones[static_cast<size_t>(i * n + j)] = 1;
  return matmul(x, x.graph->constant(Shape::fixed({n, n}), std::move(ones)));
}

/// The quantile function itself (Park et al., "Learning quantile functions without quantile
/// crossing", 2022): knots at K given quantiles, between two of them a spline of linear pieces,
/// beyond them exponential tails. Scored by the CRPS, which its pieces give in closed form.
/// Parameters: widths and heights of the pieces before softmax, rates of the tails, knots.
class Isqf final : public Distribution {
 public:
  Isqf(std::vector<double> quantiles, int64_t pieces, bool compat)
      : x_(std::move(quantiles)), pieces_(static_cast<size_t>(pieces)), compat_(compat) {
    std::ranges::sort(x_);
    check_internal(!x_.empty(), "isqf: quantiles");
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    const auto add = [&](const char* kind, size_t count) {
      for (size_t i = 1; i <= count; ++i) names.push_back(kind + std::to_string(i));
    };
    add("-spline_knot_", widths());
    add("-spline_height_", widths());
    names.insert(names.end(), {"-beta_l", "-beta_r"});
    add("-quantile_knot_", x_.size());
    return names;
  }

  void parameters(std::span<const double> raw, double loc, double scale,
                  std::span<double> out) const override {
    std::ranges::copy(raw, out.begin());
    const size_t tails = 2 * widths();
    for (size_t i = tails; i < tails + 2; ++i) out[i] = (softplus(raw[i]) + kLeast) / scale;
    double knot = 0;
    for (size_t k = 0; k < x_.size(); ++k) {
      const double step = raw[tails + 2 + k];
      knot += k == 0 ? step : softplus(step) + kLeast;
      out[tails + 2 + k] = loc + scale * knot;
    }
  }

  double mean(std::span<const double> p) const override {
    const auto [left, right, y] = read(p);
    const double beyond = 1 - x_.back();
    double sum = x_.front() * (y.front() - 1 / left) + beyond * (y.back() + 1 / right);
    std::vector<double> widths(pieces_), heights(pieces_);
    for (size_t k = 0; k + 1 < x_.size(); ++k) {
      shares(p, k, widths, heights);
      double at = 0, area = 0;
      for (size_t i = 0; i < pieces_; ++i) {
        area += widths[i] * (at + heights[i] / 2);
        at += heights[i];
      }
      sum += (x_[k + 1] - x_[k]) * (y[k] + (y[k + 1] - y[k]) * area);
    }
    return sum;
  }

  double quantile(std::span<const double> p, double q) const override {
    const auto [left, right, y] = read(p);
    if (q < x_.front()) return y.front() + std::log(q / x_.front()) / left;
    if (q >= x_.back()) return y.back() - std::log((1 - q) / (1 - x_.back())) / right;
    const auto k = static_cast<size_t>(std::ranges::upper_bound(x_, q) - x_.begin()) - 1;
    std::vector<double> widths(pieces_), heights(pieces_);
    shares(p, k, widths, heights);
    double at = 0, rest = (q - x_[k]) / (x_[k + 1] - x_[k]);
    for (size_t i = 0; i < pieces_ && rest > 0; ++i) {
      at += heights[i] * std::min(1.0, rest / widths[i]);
      rest -= widths[i];
    }
    return y[k] + (y[k + 1] - y[k]) * std::min(at, 1.0);
  }

 protected:
  Var negative_log_likelihood(const LikelihoodInputs& in) const override {
    const auto tails = static_cast<int64_t>(2 * widths()), knots = static_cast<int64_t>(x_.size());
    const Var rates = softplus(slice(in.outputs, 2, tails, tails + 2)) + kLeast;
    const Var first = slice(in.outputs, 2, tails + 2, tails + 3);
    Var crps = tail(slice(rates, 2, 0, 1), first - in.z, x_.front()), last = first;
    if (knots > 1) {
      const Var gaps = softplus(slice(in.outputs, 2, tails + 3, tails + 2 + knots)) + kLeast;
      const Var y = running_sum(concat({first, gaps}, 2), /*inclusive=*/true);
      last = slice(y, 2, knots - 1, knots);
      crps = crps + spline(in, slice(y, 2, 0, knots - 1) - in.z, gaps);
    }
    crps = crps + tail(slice(rates, 2, 1, 2), in.z - last, 1 - x_.back());
    return compat_ ? torch_softplus(crps) + log(in.scale) : crps;
  }

 private:
  struct Outer {
    double left, right;         ///< rates of the tails
    std::span<const double> y;  ///< [K]
  };
  Outer read(std::span<const double> p) const {
    const size_t tails = 2 * widths();
    return {p[tails], p[tails + 1], p.subspan(tails + 2, x_.size())};
  }
  /// Pieces of all segments.
  size_t widths() const { return (x_.size() - 1) * pieces_; }

  /// Widths and heights of the pieces of segment k as shares of its own.
  void shares(std::span<const double> p, size_t k, std::span<double> widths,
              std::span<double> heights) const {
    const auto normalise = [&](std::span<const double> logits, std::span<double> out) {
      const double most = std::ranges::max(logits);
      std::ranges::transform(logits, out.begin(), [&](double x) { return std::exp(x - most); });
      const double total = std::accumulate(out.begin(), out.end(), 0.0);
      for (double& share : out) share = (share / total + kLeast) / (1 + pieces() * kLeast);
    };
    normalise(p.subspan(k * pieces_, pieces_), widths);
    normalise(p.subspan(this->widths() + k * pieces_, pieces_), heights);
  }
  double pieces() const { return static_cast<double>(pieces_); }

  /// CRPS of a tail that begins at probability x and lies `e` above the target: mirrored, the right
  /// one is a left one.
  static Var tail(Var rate, Var e, double x) {
    const Var above = relu(e), inverse = reciprocal(rate);
    return (inverse * 0.5 - e) * (x * x) +
           (above - inverse * (1.0 - exp(-(above * rate)))) * (2 * x);
  }

  /// CRPS between the knots, which lie `e` [R, H, K-1] above the target with `gaps` between them.
  Var spline(const LikelihoodInputs& in, Var e, Var gaps) const {
    Graph& graph = *in.z.graph;
    const auto P = static_cast<int64_t>(pieces_), N = static_cast<int64_t>(x_.size()) - 1;
    const int64_t batch = in.z.shape().batch, H = in.z.shape().dims[0];
    const Shape piecewise = Shape::batched({H, N, P}, batch),
                segmentwise = Shape::batched({H, N, 1}, batch);
    const auto normalised = [&](int64_t begin) {
      const Var logits = reshape(slice(in.outputs, 2, begin, begin + N * P), piecewise);
      return (softmax(logits) + kLeast) / (1 + pieces() * kLeast);
    };
    std::vector<double> width(x_.size() - 1), start(x_.begin(), x_.end() - 1);
    for (size_t k = 0; k + 1 < x_.size(); ++k) width[k] = x_[k + 1] - x_[k];
    const Var widths = normalised(0), heights = normalised(N * P);
    const Var gap = reshape(gaps, segmentwise),
              segment = graph.constant(Shape::fixed({N, 1}), std::move(width));
    // The piece begins at probability x, d above the target, and is dx wide and dy high.
    const Var dx = widths * segment, dy = heights * gap;
    const Var x = running_sum(widths, false) * segment +
                  graph.constant(Shape::fixed({N, 1}), std::move(start));
    const Var d = running_sum(heights, false) * gap + reshape(e, segmentwise);
    // The share of the piece below the target. The score is stationary in it or it is at a bound,
    // so that no derivative has to pass.
    const Var s = detach(minimum(maximum(-(d / dy), graph.constant(0.0)), graph.constant(1.0)));
    const Var scores =
        dx * (d * (2.0 - s * 2.0 - x * 2.0 - dx) + dy * (1.0 - s * s - x - dx * (2.0 / 3)));
    return reshape(sum(scores, {2, 3}), Shape::batched({H, 1}, batch));
  }

  std::vector<double> x_;
  size_t pieces_;
  bool compat_;
};
}  // namespace

std::shared_ptr<const Distribution> isqf_distribution(std::vector<double> quantiles, int64_t pieces,
                                                      bool compat) {
  return std::make_shared<Isqf>(std::move(quantiles), pieces, compat);
}

}  // namespace nd

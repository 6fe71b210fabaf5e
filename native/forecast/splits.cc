#include "forecast/splits.h"

#include <algorithm>

namespace nd::forecast {

namespace {

std::string number(int64_t value) { return std::to_string(value); }

/// Windows at the ends of the series.
class Walk {
 public:
  Walk(const data::Panel& panel, const CrossValidationRequest& request, int64_t horizon)
      : panel_(panel),
        request_(request),
        windows_(window_count(request, horizon)),
        tested_(horizon + request.step_size * (windows_ - 1)),
        period_(request.refit > 0 && !request.use_fitted ? request.refit : windows_),
        folds_(request.folds_over == Folds::series ? request.folds : 1) {
    if (folds_ > panel.series_count()) {
      throw Error(Code::config, "[crossValidation] received folds = " + number(folds_) +
                                    ", expected at most " + number(panel.series_count()) +
                                    ", the number of series");
    }
  }

  Splits cut() const {
    Splits out;
    std::vector<size_t> first_block;
    for (int64_t s = 0; s < panel_.series_count(); ++s) {
      first_block.push_back(out.origins.size());
      for (int64_t k = first(s); k < windows_; ++k)
        out.origins.push_back({static_cast<int32_t>(s), panel_.length(s) - rows_after(k)});
    }
    if (out.origins.empty() || (!request_.use_fitted && panel_.longest() <= hidden(0))) {
      throw Error(Code::empty, "[crossValidation] received series of at most " +
                                   number(panel_.longest()) + " rows, expected more than " +
                                   number(hidden(0)) + " (horizon + stepSize · (windows - 1)" +
                                   (request_.purge > 0 ? " + purge" : "") +
                                   "), so that a row is left to learn from");
    }
    for (int64_t fold = 0; fold < folds_; ++fold) {
      for (int64_t k = 0; k < windows_; k += period_) {
        Split part = part_of(fold, k, first_block);
        if (!part.blocks.empty()) out.parts.push_back(std::move(part));
      }
    }
    return out;
  }

 private:
  static int64_t window_count(const CrossValidationRequest& request, int64_t horizon) {
    if (request.test_size == 0) return request.windows;
    const int64_t more = request.test_size - horizon;
    if (more >= 0 && more % request.step_size == 0) return more / request.step_size + 1;
    throw Error(Code::horizon,
                "[crossValidation] received testSize = " + number(request.test_size) +
                    ", expected horizon + a multiple of stepSize: " + number(horizon) + ", " +
                    number(horizon + request.step_size) + ", " +
                    number(horizon + 2 * request.step_size) + " …");
  }

  /// Rows of every series after the cutoff of window k.
  int64_t rows_after(int64_t k) const { return tested_ - k * request_.step_size; }
  /// Rows at the end that the fit which serves window k does not see.
  int64_t hidden(int64_t k) const {
    return request_.use_fitted ? rows_after(k) : rows_after(k - k % period_) + request_.purge;
  }
  /// The first window of the series; none: `windows_`.
  int64_t first(int64_t series) const {
    int64_t k = 0;
    while (k < windows_ && panel_.length(series) <= hidden(k)) ++k;
    return k;
  }
  bool is_tested(int64_t series, int64_t fold) const { return series % folds_ == fold; }

  Split part_of(int64_t fold, int64_t k, const std::vector<size_t>& first_block) const {
    Split part{{k, folds_ > 1 ? fold : -1}, {}, {}, {}};
    for (int64_t s = 0; s < panel_.series_count(); ++s) {
      const int64_t known = panel_.length(s) - hidden(k);
      if (known > 0 && (folds_ == 1 || !is_tested(s, fold))) part.learned.push_back({s, 0, known});
      const int64_t begin = std::max(k, first(s)), end = std::min(k + period_, windows_);
      if (!is_tested(s, fold) || begin >= end) continue;
      part.scaled_by.push_back({s, 0, panel_.length(s) - hidden(begin)});
      for (int64_t w = begin; w < end; ++w)
        part.blocks.push_back(first_block[static_cast<size_t>(s)] +
                              static_cast<size_t>(w - first(s)));
    }
    if (!part.learned.empty() || part.blocks.empty() || request_.use_fitted) return part;
    throw Error(Code::empty, "[crossValidation] fold " + number(fold) +
                                 ": no series of another fold has more than " + number(hidden(k)) +
                                 " rows, so that none is left to learn from");
  }

  const data::Panel& panel_;
  const CrossValidationRequest& request_;
  int64_t windows_, tested_, period_, folds_;
};

/// Blocks of time, each held out of the training of its fold.
Splits cut_time(const data::Panel& panel, const CrossValidationRequest& request, int64_t horizon) {
  Splits out;
  for (int64_t fold = 0; fold < request.folds; ++fold) out.parts.push_back({{0, fold}, {}, {}, {}});
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const int64_t length = panel.length(s);
    for (int64_t fold = 0; fold < request.folds; ++fold) {
      Split& part = out.parts[static_cast<size_t>(fold)];
      const int64_t begin = length * fold / request.folds,
                    end = length * (fold + 1) / request.folds;
      const data::Piece before{s, 0, begin - request.purge},
          after{s, end + request.embargo, length};
      const auto holds = [](const data::Piece& piece) { return piece.begin < piece.end; };
      for (const data::Piece& piece : {before, after})
        if (holds(piece)) part.learned.push_back(piece);
      if (!holds(before) && !holds(after)) continue;
      const size_t earlier = part.blocks.size();
      // A forecast reads at least one row.
      for (int64_t row = std::max<int64_t>(begin, 1); row + horizon <= end;
           row += request.step_size) {
        part.blocks.push_back(out.origins.size());
        out.origins.push_back({static_cast<int32_t>(s), row});
      }
      if (part.blocks.size() > earlier) part.scaled_by.push_back(holds(before) ? before : after);
    }
  }
  std::erase_if(out.parts, [](const Split& part) { return part.blocks.empty(); });
  if (out.origins.empty()) {
    throw Error(Code::empty, "[crossValidation] received series of at most " +
                                 number(panel.longest()) + " rows, expected at least " +
                                 number(request.folds * horizon) +
                                 " (folds · horizon), so that a block holds a forecast");
  }
  return out;
}

}  // namespace

Splits make_splits(const data::Panel& panel, const CrossValidationRequest& request,
                   int64_t horizon) {
  return request.folds_over == Folds::time ? cut_time(panel, request, horizon)
                                           : Walk(panel, request, horizon).cut();
}

}  // namespace nd::forecast

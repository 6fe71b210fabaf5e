// A panel: many series of different lengths in one columnar store, checked once at the door.
// Everything behind it may rely on: rows sorted by time within a series, no duplicate, no gap,
// finite targets (or, where the caller allows it, missing ones: NaN), one frequency.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/features.h"
#include "data/frequency.h"

namespace nd::data {

/// What the caller hands over, in any row order. `series[r]` indexes `ids`.
struct RawPanel {
  std::vector<std::string> ids;     ///< distinct series names, in order of first appearance
  std::vector<int32_t> series;      ///< per row
  std::vector<int64_t> times;       ///< per row: integer time, or milliseconds since 1970-01-01 UTC
  std::vector<double> target;       ///< per row
  bool calendar = false;            ///< times are milliseconds of a calendar
  std::vector<Feature> features{};  ///< values per row
  std::vector<Feature> statics{};   ///< values per element of `ids`
};

struct PanelOptions {
  std::string frequency;       ///< "" = infer
  bool allow_missing = false;  ///< a target may be NaN: missing
};

/// Rows [begin, end) of one series of a panel, at least one.
struct Piece {
  int64_t series, begin, end;
};

/// Checked panel. Series keep the order of `ids`; rows of series s are [begin(s), end(s)).
class Panel {
 public:
  /// Sorts rows by time when needed, infers or checks the frequency. Throws E0003 when there is no
  /// row and E0011 naming series, row (of the caller's order, from 0), time and value for NaN/Inf
  /// in targets and numeric columns, duplicate time stamps, gaps and stamps off the frequency's
  /// grid.
  Panel(RawPanel raw, const PanelOptions& options);

  int64_t series_count() const { return static_cast<int64_t>(ids_.size()); }
  const std::vector<std::string>& ids() const { return ids_; }
  int64_t begin(int64_t s) const { return offsets_[static_cast<size_t>(s)]; }
  int64_t end(int64_t s) const { return offsets_[static_cast<size_t>(s) + 1]; }
  int64_t length(int64_t s) const { return end(s) - begin(s); }
  int64_t rows() const { return offsets_.back(); }
  int64_t longest() const;
  std::span<const double> target(int64_t s) const;
  std::span<double> mutable_target(int64_t s);
  const std::vector<Feature>& features() const { return features_; }
  const std::vector<Feature>& statics() const { return statics_; }
  std::vector<Feature>& mutable_features() { return features_; }
  std::vector<Feature>& mutable_statics() { return statics_; }
  /// Rows of series s of one of the features, and what is known of the rows after them.
  std::span<const double> rows_of(const Feature& feature, int64_t s) const;
  std::span<const double> future_of(const Feature& feature, int64_t s) const;
  int64_t first_time(int64_t s) const { return first_[static_cast<size_t>(s)]; }
  int64_t last_time(int64_t s) const { return last_[static_cast<size_t>(s)]; }
  const Frequency& frequency() const { return frequency_; }
  bool calendar() const { return calendar_; }
  /// Whether a target may be missing (NaN).
  bool has_missing() const { return has_missing_; }
  bool was_sorted() const { return was_sorted_; }  ///< false when rows had to be sorted
  /// The last `steps` rows of every series: what predict() needs after load().
  Panel tail(int64_t steps) const;
  /// A panel of its pieces, each a series of its own under the name of the one it is from.
  Panel select(std::span<const Piece> pieces) const;

 private:
  Panel() = default;
  /// Appends rows [begin, end) of series s of `from`, of all its columns.
  void append(const Panel& from, int64_t s, int64_t begin, int64_t end);
  void open_like(const Panel& from);
  std::vector<std::string> ids_;
  std::vector<int64_t> offsets_;
  std::vector<double> target_;
  std::vector<Feature> features_, statics_;
  std::vector<int64_t> first_, last_;
  Frequency frequency_;
  bool calendar_ = false, was_sorted_ = true, has_missing_ = false;
  friend Panel make_panel(std::vector<std::string> ids, std::vector<int64_t> offsets,
                          std::vector<double> target, std::vector<int64_t> last,
                          Frequency frequency, bool calendar);
};

/// Rebuilds a panel from a saved file: trusted layout, values checked for consistency (E0006
/// otherwise).
Panel make_panel(std::vector<std::string> ids, std::vector<int64_t> offsets,
                 std::vector<double> target, std::vector<int64_t> last, Frequency frequency,
                 bool calendar);

}  // namespace nd::data

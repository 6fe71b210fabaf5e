#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "data/panel.h"
#include "data/scalers.h"
#include "targets.h"

namespace nd::fuzz {

namespace {
/// What is read off the front of the input; zeros after its end.
class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}
  template <class T>
  T take() {
    T value{};
    const size_t size = std::min(sizeof(T), bytes_.size());
    if (size > 0) std::memcpy(&value, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
    return value;
  }
  bool done() const { return bytes_.empty(); }

 private:
  Bytes bytes_;
};

void check(const data::Panel& panel) {
  int64_t rows = 0;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    require(panel.length(s) > 0, "a series has rows");
    require(panel.first_time(s) <= panel.last_time(s), "rows in order of time");
    for (const double y : panel.target(s)) require(std::isfinite(y), "finite targets");
    rows += panel.length(s);
  }
  require(rows == panel.rows(), "the rows of all series");
}
}  // namespace

/// One byte of flags (calendar; which frequency), then rows: series, step of time, target.
void panel(Bytes bytes) {
  static constexpr const char* kFrequencies[] = {"", "1", "D", "MS", "B", "15min", "QS-FEB", "7"};
  Reader reader(bytes);
  const auto flags = reader.take<uint8_t>();
  data::RawPanel raw;
  raw.calendar = (flags & 1) != 0;
  raw.ids = {"a", "b", "c"};
  raw.ids.resize(1 + ((flags >> 1) & 3) % 3);
  int64_t time = reader.take<int64_t>();
  const int64_t unit = raw.calendar ? 86'400'000 : 1;
  while (!reader.done()) {
    raw.series.push_back(reader.take<uint8_t>() % static_cast<int32_t>(raw.ids.size()));
    // One byte: steps; the largest one: any distance.
    const auto step = reader.take<int8_t>();
    const int64_t distance = step == 127 ? reader.take<int64_t>() : int64_t{step} * unit;
    time = static_cast<int64_t>(static_cast<uint64_t>(time) + static_cast<uint64_t>(distance));
    raw.times.push_back(time);
    const auto value = reader.take<int8_t>();
    raw.target.push_back(value == 127 ? reader.take<double>() : value);
  }
  const data::Panel panel(raw, {.frequency = kFrequencies[(flags >> 3) & 7]});
  check(panel);
  check(panel.tail(1 + flags % 5));
  std::vector<data::Piece> heads;
  for (int64_t s = 0; s < panel.series_count(); ++s)
    if (panel.length(s) > 1) heads.push_back({s, 0, panel.length(s) - 1});
  if (!heads.empty()) check(panel.select(heads));
  for (const auto scaler : {data::SeriesScaler::standard, data::SeriesScaler::minmax,
                            data::SeriesScaler::robust, data::SeriesScaler::robust_iqr}) {
    for (int64_t s = 0; s < panel.series_count(); ++s) {
      data::series_statistics(scaler, panel.target(s));
    }
  }
}

}  // namespace nd::fuzz

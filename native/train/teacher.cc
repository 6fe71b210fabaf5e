#include "train/teacher.h"

#include <algorithm>

#include "base/error.h"
#include "models/network.h"

namespace nd::train {

namespace {
/// Fills the input `name`, where the plan has it, with `value(statistics, forecast)`.
template <class Value>
void fill(Plan& plan, const char* name, std::span<const double> forecasts,
          std::span<const data::WindowStatistics> statistics, const Value& value) {
  if (!plan.has_input(name)) return;
  const std::span<float> input = plan.input(name);
  check_internal(forecasts.size() <= input.size(), "a teacher's forecasts fit the plan");
  const size_t per_row = forecasts.size() / statistics.size();
  for (size_t i = 0; i < forecasts.size(); ++i)
    input[i] = static_cast<float>(value(statistics[i / per_row], forecasts[i]));
  std::fill(input.begin() + static_cast<std::ptrdiff_t>(forecasts.size()), input.end(), 0.0F);
}
}  // namespace

TeacherFeed::TeacherFeed(Teacher& teacher, const Loss& student, const BatchOptions& options)
    : teacher_(teacher), student_(student), options_(options) {}

void TeacherFeed::feed(Plan& plan, std::span<const data::WindowRef> windows,
                       std::span<const data::WindowStatistics> statistics, parallel::Team* team,
                       const CancelToken* cancel) const {
  const std::span<const double> forecasts =
      teacher_.forecast(windows, options_.layout, team, cancel);
  const Distribution* const family = student_.distribution().get();
  if (family == nullptr) {
    fill(plan, io_names::kTeacher, forecasts, statistics,
         [this](const data::WindowStatistics& s, double y) {
           return data::scale_value(options_.scaler, s, y);
         });
    return;
  }
  fill(plan, io_names::kTeacher, forecasts, statistics,
       [family](const data::WindowStatistics& s, double y) {
         return (family->nearest(y) - s.shift) / s.scale;
       });
  fill(plan, io_names::kTeacherTarget, forecasts, statistics,
       [family](const data::WindowStatistics&, double y) { return family->nearest(y); });
}

}  // namespace nd::train

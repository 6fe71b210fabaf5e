// What became of one golden case: its errors beside their limits, or why it was not run. Printed as
// one JSON object per line, which scripts/parity.mjs turns into text and totals.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace nd::parity {

/// One compared quantity; of several comparisons under one name the worst is kept.
struct Check {
  std::string name;
  double error = 0, limit = 0;
  std::string where;  ///< which tensor or row is the worst; may be empty
};

class Outcome {
 public:
  Outcome(std::string folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}
  const std::string& name() const { return name_; }
  /// Records `error`, which passes when it is at most `limit`; NaN never passes.
  void check(const std::string& name, double error, double limit, const std::string& where = "");
  /// Something that is no number is wrong, e.g. a missing tensor.
  void fail(std::string problem) { problems_.push_back(std::move(problem)); }
  /// A part that cannot be checked yet; the rest still counts.
  void leave_out(const std::string& reason);
  bool checked() const { return !checks_.empty(); }
  /// {folder, name, status: passed | failed | skipped, checks, problems, leftOut}; skipped when
  /// nothing was checked.
  nlohmann::ordered_json json() const;

 private:
  std::string folder_, name_;
  std::vector<Check> checks_;
  std::vector<std::string> problems_, left_out_;
};

/// Thrown by a case that needs something that this version does not have.
class Unavailable : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs `body`; Unavailable becomes a skip, any other exception a failure.
void guarded(Outcome& outcome, const std::function<void()>& body);

/// max |a - b|; infinite when sizes differ.
double largest_difference(std::span<const double> a, std::span<const double> b);
double largest(std::span<const double> values);
/// largest_difference over the largest reference value (absolute where that is 0).
double relative_difference(std::span<const double> ours, std::span<const double> reference);

/// Numbers of nested lists, row-major; a number is a list of one.
std::vector<double> flat(const nlohmann::json& nested);

/// The reference's options under our names: snake_case to camelCase, `level` to `levels`.
nlohmann::json our_options(const nlohmann::json& reference);
/// "MAE" or ["MQLoss", {"level": …}] as the JSON that nd::Loss reads. Throws Unavailable for an
/// unknown loss or option.
nlohmann::json our_loss(const nlohmann::json& reference);

/// All cases of one folder (parity/ or values/) whose name holds `filter`; `emit` gets each
/// outcome.
using Emit = std::function<void(const Outcome&)>;
void run_networks(const std::string& folder, const std::string& filter, const Emit& emit);
void run_losses(const std::string& folder, const std::string& filter, const Emit& emit);
void run_scalers(const std::string& folder, const std::string& filter, const Emit& emit);
void run_optimisers(const std::string& folder, const std::string& filter, const Emit& emit);

/// The JSON document `folder`/`file`, or null when there is no such file.
nlohmann::json read_json(const std::string& folder, const std::string& file);
bool matches(const std::string& name, const std::string& filter);

}  // namespace nd::parity

// Options as data: one list of specs gives validation with precise messages, the JSON of saved
// models, TypeScript types, help and documentation. Models, losses and training describe their
// options with it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nd {

enum class ParamType : uint8_t {
  integer,
  number,
  boolean,
  choice,
  integer_list,
  number_list,
  choice_list,
  integer_matrix,
  integer_or_choice,
  integer_map,
  object
};

/// No bound on that side.
inline constexpr double kUnbounded = 1e308;

/// One option: its name (snake_case; camelCase in JSON and JavaScript, mechanically), default,
/// range and meaning.
struct ParamSpec {
  std::string_view name;
  ParamType type = ParamType::number;
  std::string_view default_json = {};  ///< JSON text of the default; "" = required, "null" = absent
  std::string_view doc = {};           ///< one sentence with the unit
  double minimum = -kUnbounded, maximum = kUnbounded;  ///< of each number
  bool open_minimum = false, open_maximum = false;     ///< the bound itself is excluded
  std::vector<std::string_view> choices = {};  ///< of choice and choice_list; "cubic-*" is a prefix
  bool nullable = false;
  bool single = false;  ///< a list option that also accepts one bare element
};

/// Validated options with defaults filled in. Names are the snake_case ones of the spec.
class Options {
 public:
  Options();
  /// Checks `json` (camelCase object) against `specs`: unknown names (closest known one is named),
  /// types, ranges. Throws E0010; `place` opens the message, e.g. "nhits".
  Options(const nlohmann::json& json, std::span<const ParamSpec> specs, std::string_view place);
  ~Options();
  Options(const Options&);
  Options(Options&&) noexcept;
  Options& operator=(const Options&);
  Options& operator=(Options&&) noexcept;

  int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool boolean(std::string_view name) const;
  std::string choice(std::string_view name) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<double> numbers(std::string_view name) const;
  std::vector<std::string> choices(std::string_view name) const;
  std::vector<std::vector<int64_t>> matrix(std::string_view name) const;
  bool is_null(std::string_view name) const;
  /// camelCase object with every option, defaults included, in the order of the specs.
  const nlohmann::ordered_json& json() const;

 private:
  std::unique_ptr<nlohmann::ordered_json> values_;
};

/// snake_case → camelCase, mechanically ("n_pool_kernel_size" → "nPoolKernelSize").
std::string camel_case(std::string_view snake);
/// ASCII letters only.
std::string lower_case(std::string_view text);
/// The nearest of `known` by edit distance (letter case and underscores do not count), or "" when
/// nothing is near.
std::string closest_name(std::string_view received, std::span<const std::string> known);

}  // namespace nd

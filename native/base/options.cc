#include "base/options.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"

namespace nd {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Above 2^53 a JavaScript number no longer is the integer that was written.
constexpr double kLargestInteger = 9007199254740992.0;

std::string number_text(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  if (std::floor(value) == value && std::abs(value) < 1e15)
    return std::to_string(static_cast<int64_t>(value));
  return {buffer, end};
}

std::string range_text(const ParamSpec& spec) {
  const bool low = spec.minimum > -kUnbounded, high = spec.maximum < kUnbounded;
  if (low && high)
    return std::string(" in ") + (spec.open_minimum ? "(" : "[") + number_text(spec.minimum) +
           ", " + number_text(spec.maximum) + (spec.open_maximum ? ")" : "]");
  if (low)
    return (spec.open_minimum ? " greater than " : " of at least ") + number_text(spec.minimum);
  if (high) return (spec.open_maximum ? " below " : " of at most ") + number_text(spec.maximum);
  return "";
}

std::string choices_text(const ParamSpec& spec) {
  std::string text;
  for (size_t i = 0; i < spec.choices.size(); ++i) {
    if (i > 0) text += i + 1 == spec.choices.size() ? " or " : ", ";
    text += "\"" + std::string(spec.choices[i]) + "\"";
  }
  return text;
}

std::string expected_text(const ParamSpec& spec) {
  const std::string range = range_text(spec);
  std::string text;
  switch (spec.type) {
    case ParamType::integer:
      text = "an integer" + range;
      break;
    case ParamType::number:
      text = "a number" + range;
      break;
    case ParamType::boolean:
      text = "true or false";
      break;
    case ParamType::choice:
      text = spec.choices.empty() ? "a string" : choices_text(spec);
      break;
    case ParamType::integer_list:
      text = "a list of integers" + (range.empty() ? "" : ", each" + range);
      break;
    case ParamType::number_list:
      text = "a list of numbers" + (range.empty() ? "" : ", each" + range);
      break;
    case ParamType::choice_list:
      text =
          spec.choices.empty() ? "a list of strings" : "a list, each element " + choices_text(spec);
      break;
    case ParamType::integer_matrix:
      text = "a list of lists of integers" + (range.empty() ? "" : ", each" + range);
      break;
    case ParamType::integer_or_choice:
      text = "an integer" + range + " or " + choices_text(spec);
      break;
    case ParamType::integer_map:
      text = "an object of integers" + (range.empty() ? "" : ", each" + range);
      break;
    case ParamType::object:
      text = "an object";
      break;
  }
  if (spec.single) text += ", or one such element";
  if (spec.nullable) text += ", or null";
  return text;
}

/// Checks one option and brings its value to the stored form.
class Validator {
 public:
  Validator(const ParamSpec& spec, std::string_view place) : spec_(spec), place_(place) {}

  ordered_json check(const json& value) const {
    if (value.is_null()) {
      if (!spec_.nullable) fail(value, value);
      return nullptr;
    }
    switch (spec_.type) {
      case ParamType::integer:
        return integer(value, value);
      case ParamType::number:
        return number(value, value);
      case ParamType::boolean:
        if (!value.is_boolean()) fail(value, value);
        return value.get<bool>();
      case ParamType::choice:
        return choice(value, value);
      case ParamType::integer_list:
        return list(value, value, &Validator::integer);
      case ParamType::number_list:
        return list(value, value, &Validator::number);
      case ParamType::choice_list:
        return list(value, value, &Validator::choice);
      case ParamType::integer_matrix: {
        if (!value.is_array() || value.empty()) fail(value, value);
        ordered_json rows = ordered_json::array();
        for (const json& row : value) rows.push_back(list(row, value, &Validator::integer));
        return rows;
      }
      case ParamType::integer_or_choice:
        return value.is_string() ? choice(value, value) : integer(value, value);
      case ParamType::integer_map: {
        if (!value.is_object()) fail(value, value);
        ordered_json numbers = ordered_json::object();
        for (const auto& [name, number] : value.items()) numbers[name] = integer(number, value);
        return numbers;
      }
      case ParamType::object:
        if (!value.is_object()) fail(value, value);
        return ordered_json(value);
    }
    fail(value, value);
  }

 private:
  using Element = ordered_json (Validator::*)(const json&, const json&) const;

  [[noreturn]] void fail(const json& whole, const json& part) const {
    const std::string name = camel_case(spec_.name);
    std::string received = whole.dump(-1, ' ', false, json::error_handler_t::replace);
    if (received.size() > 80) received = received.substr(0, 77) + "...";
    std::string message = "[" + std::string(place_) + "] received " + name + " = " + received +
                          ", expected " + expected_text(spec_);
    if ((spec_.type == ParamType::choice || spec_.type == ParamType::choice_list) &&
        part.is_string()) {
      const std::vector<std::string> known(spec_.choices.begin(), spec_.choices.end());
      const std::string near = closest_name(part.get<std::string>(), known);
      if (!near.empty()) message += "; did you mean \"" + near + "\"?";
    }
    throw Error(Code::config, message, json{{"option", name}, {"place", place_}}.dump());
  }

  void check_range(double value, const json& whole) const {
    const bool low = spec_.open_minimum ? value > spec_.minimum : value >= spec_.minimum;
    const bool high = spec_.open_maximum ? value < spec_.maximum : value <= spec_.maximum;
    if (!low || !high) fail(whole, whole);
  }

  ordered_json integer(const json& value, const json& whole) const {
    if (!value.is_number()) fail(whole, whole);
    const double real = value.get<double>();
    if (std::floor(real) != real || std::abs(real) > kLargestInteger) fail(whole, whole);
    check_range(real, whole);
    return static_cast<int64_t>(real);
  }

  ordered_json number(const json& value, const json& whole) const {
    if (!value.is_number()) fail(whole, whole);
    const double real = value.get<double>();
    if (!std::isfinite(real)) fail(whole, whole);
    check_range(real, whole);
    return real;
  }

  ordered_json choice(const json& value, const json& whole) const {
    if (!value.is_string()) fail(whole, whole);
    const auto text = value.get<std::string>();
    bool known = spec_.choices.empty();
    for (std::string_view allowed : spec_.choices) {
      const bool prefix = allowed.ends_with('*');
      if (prefix) allowed.remove_suffix(1);
      known = known || (prefix ? text.size() > allowed.size() && text.starts_with(allowed)
                               : text == allowed);
    }
    if (!known) fail(whole, value);
    return text;
  }

  ordered_json list(const json& value, const json& whole, Element element) const {
    ordered_json result = ordered_json::array();
    if (spec_.single && !value.is_array()) {
      result.push_back((this->*element)(value, whole));
      return result;
    }
    if (!value.is_array() || value.empty()) fail(whole, whole);
    for (const json& item : value) result.push_back((this->*element)(item, whole));
    return result;
  }

  const ParamSpec& spec_;
  std::string_view place_;
};

[[noreturn]] void fail_unknown(const std::string& received, std::span<const ParamSpec> specs,
                               std::string_view place) {
  std::vector<std::string> known;
  for (const ParamSpec& spec : specs) known.push_back(camel_case(spec.name));
  const std::string near = closest_name(received, known);
  std::string message = "[" + std::string(place) + "] received option \"" + received +
                        "\", which does not exist here; ";
  if (!near.empty()) {
    message += "did you mean \"" + near + "\"?";
  } else if (known.empty()) {
    message += "there are no options";
  } else {
    // A model's own options come first, so the first ones are the ones worth showing.
    constexpr size_t kShown = 12;
    message += "known options: ";
    for (size_t i = 0; i < std::min(known.size(), kShown); ++i)
      message += (i > 0 ? ", " : "") + known[i];
    if (known.size() > kShown) message += ", …";
  }
  throw Error(Code::config, message,
              json{{"option", received}, {"closest", near}, {"place", place}}.dump());
}

}  // namespace

Options::Options() : values_(std::make_unique<ordered_json>(ordered_json::object())) {}
Options::~Options() = default;
Options::Options(const Options& other) : values_(std::make_unique<ordered_json>(*other.values_)) {}
Options::Options(Options&&) noexcept = default;
Options& Options::operator=(const Options& other) {
  if (this != &other) values_ = std::make_unique<ordered_json>(*other.values_);
  return *this;
}
Options& Options::operator=(Options&&) noexcept = default;

Options::Options(const nlohmann::json& received, std::span<const ParamSpec> specs,
                 std::string_view place)
    : Options() {
  if (!received.is_object() && !received.is_null())
    throw Error(Code::config, "[" + std::string(place) + "] received " +
                                  std::string(received.type_name()) +
                                  " as options, expected an object");
  if (received.is_object()) {
    for (const auto& [name, value] : received.items()) {
      const bool known = std::any_of(specs.begin(), specs.end(), [&](const ParamSpec& spec) {
        return camel_case(spec.name) == name;
      });
      if (!known) fail_unknown(name, specs, place);
    }
  }
  for (const ParamSpec& spec : specs) {
    const std::string name = camel_case(spec.name);
    const Validator validator(spec, place);
    if (received.is_object() && received.contains(name)) {
      (*values_)[name] = validator.check(received.at(name));
    } else if (spec.default_json.empty()) {
      throw Error(Code::config,
                  "[" + std::string(place) + "] received no " + name + ", expected " +
                      expected_text(spec) + "; it has no default",
                  nlohmann::json{{"option", name}, {"place", place}}.dump());
    } else {
      (*values_)[name] = validator.check(nlohmann::json::parse(spec.default_json));
    }
  }
}

namespace {
const ordered_json& stored(const ordered_json& values, std::string_view name) {
  const auto found = values.find(camel_case(name));
  if (found == values.end())
    throw Error(Code::internal, "[options] nothing is stored under " + std::string(name));
  return *found;
}
}  // namespace

int64_t Options::integer(std::string_view name) const {
  return stored(*values_, name).get<int64_t>();
}
double Options::number(std::string_view name) const { return stored(*values_, name).get<double>(); }
bool Options::boolean(std::string_view name) const { return stored(*values_, name).get<bool>(); }
std::string Options::choice(std::string_view name) const {
  return stored(*values_, name).get<std::string>();
}
std::vector<int64_t> Options::integers(std::string_view name) const {
  return stored(*values_, name).get<std::vector<int64_t>>();
}
std::vector<double> Options::numbers(std::string_view name) const {
  return stored(*values_, name).get<std::vector<double>>();
}
std::vector<std::string> Options::choices(std::string_view name) const {
  return stored(*values_, name).get<std::vector<std::string>>();
}
std::vector<std::vector<int64_t>> Options::matrix(std::string_view name) const {
  return stored(*values_, name).get<std::vector<std::vector<int64_t>>>();
}
bool Options::is_null(std::string_view name) const { return stored(*values_, name).is_null(); }
const ordered_json& Options::json() const { return *values_; }

}  // namespace nd

// The nearest of a short list of names, for the messages of the data layer.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nd::data {

/// The member of `known` with the smallest edit distance to `received` (case does not count); the
/// first one on ties.
std::string_view nearest_name(std::string_view received, std::span<const std::string_view> known);

/// "a, b or c" in quotes.
std::string list_names(std::span<const std::string_view> known);

}  // namespace nd::data

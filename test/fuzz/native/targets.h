// What the fuzzers run: each target takes any bytes and may end in one way besides returning, with
// an error that docs/errors.md documents. libFuzzer looks for bytes that end otherwise
// (`npm run fuzz -- native`); what it kept in test/fuzz/corpus/ is replayed by the tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nd::fuzz {

using Bytes = std::span<const uint8_t>;

/// A file in the safetensors format: header, tensors and all conversions.
void safetensors(Bytes bytes);
/// A saved model, written as lines (model_text.h) so that digests hold: load, info, forecasts.
void model_file(Bytes bytes);
/// JSON text of a configuration: models, losses, training; its canonical form must read the same.
void config(Bytes bytes);
/// A frequency as text, then stamps: parsing, inference, arithmetic there and back.
void time(Bytes bytes);
/// A panel from rows in any order: sorting, checking, tails and the statistics of every scaler.
void panel(Bytes bytes);

struct Target {
  std::string_view name;
  void (*run)(Bytes);
};
inline constexpr Target kTargets[] = {{"safetensors", safetensors},
                                      {"model_file", model_file},
                                      {"config", config},
                                      {"time", time},
                                      {"panel", panel}};

/// Runs a target. Returns what is wrong with the way it ended, "" when it returned or threw a
/// documented error; other exceptions of the standard library than a refused allocation are wrong.
std::string misbehaviour(const Target& target, Bytes bytes);

/// Throws std::logic_error, which is a misbehaviour: a result that cannot be right.
void require(bool holds, const char* what);

}  // namespace nd::fuzz

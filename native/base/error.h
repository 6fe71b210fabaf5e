// The one error type of the engine. A message names the place, what was received, what was expected
// and what to do; the code is mirrored 1:1 by `error.code` in JavaScript, so a member is never
// renamed.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace nd {

/// Every way in which the engine can fail; the numbers E0001 … E0014 follow the order of the
/// members.
enum class Code : uint8_t {
  not_fitted,  ///< E0001 ERR_ND_NOT_FITTED: predict before fit
  shape,       ///< E0002 ERR_ND_SHAPE: an input whose shape does not match the model
  empty,       ///< E0003 ERR_ND_EMPTY: no data, or a series too short
  features,    ///< E0004 ERR_ND_FEATURES: exogenous columns missing, unexpected or unsupported
  horizon,     ///< E0005 ERR_ND_HORIZON: horizon not possible with this model or data
  file,        ///< E0006 ERR_ND_FILE: cannot read or write, truncated, corrupted, wrong version
  device,      ///< E0007 ERR_ND_DEVICE: device asked for and not usable
  memory,      ///< E0008 ERR_ND_MEMORY: would exceed the memory budget
  diverged,    ///< E0009 ERR_ND_DIVERGED: NaN or Inf in a loss or gradient
  config,      ///< E0010 ERR_ND_CONFIG: invalid or unknown option
  data,        ///< E0011 ERR_ND_DATA: NaN/Inf target, duplicate time stamps, gaps, mixed types
  busy,        ///< E0012 ERR_ND_BUSY: queue full, deadline passed, object disposed
  binary,      ///< E0013 ERR_ND_BINARY: the native binary cannot be loaded (raised by JavaScript)
  internal,    ///< E0014 ERR_ND_INTERNAL: a broken invariant of ours
  aborted,     ///< no number: the caller cancelled the job
};

/// "ERR_ND_SHAPE" and the like; "AbortError" for `aborted`.
std::string_view code_name(Code code);
/// "E0002" and the like; empty for `aborted`.
std::string code_number(Code code);

/// Thrown by every layer; `details` is the text of a JSON object with machine-readable facts.
class Error : public std::exception {
 public:
  Error(Code code, std::string message, std::string details = "{}")
      : code_(code), message_(std::move(message)), details_(std::move(details)) {}
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& details() const { return details_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Code code_;
  std::string message_;
  std::string details_;
};

/// Throws E0014 when an invariant of ours is broken; never used on user input.
void check_internal(bool holds, const char* what);

}  // namespace nd

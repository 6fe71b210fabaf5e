#include "targets.h"

#include <new>
#include <stdexcept>

#include "base/error.h"

namespace nd::fuzz {

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

std::string misbehaviour(const Target& target, Bytes bytes) {
  try {
    target.run(bytes);
  } catch (const Error& error) {
    if (error.code() == Code::internal) return error.message();
    if (error.message().empty() || error.message().front() != '[') {
      return "a message without its place: " + error.message();
    }
  } catch (const std::bad_alloc&) {
    // The binding reports it as E0008.
  } catch (const std::exception& error) {
    return std::string("an exception that is no error of ours: ") + error.what();
  }
  return "";
}

}  // namespace nd::fuzz

// The error that an action throws, for tests that look at its code and message.
#pragma once

#include <gtest/gtest.h>

#include "base/error.h"

namespace nd::testing {

/// Fails the test when nothing is thrown.
template <class Action>
Error failure(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(Code::internal, "");
}

}  // namespace nd::testing

// libFuzzer's entry; compiled once per target with its name.
#include <cstdio>
#include <cstdlib>

#include "targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const nd::fuzz::Target& target : nd::fuzz::kTargets) {
    if (target.name != ND_FUZZ_TARGET) continue;
    const std::string wrong = nd::fuzz::misbehaviour(target, {data, size});
    if (!wrong.empty()) {
      std::fprintf(stderr, "%s: %s\n", ND_FUZZ_TARGET, wrong.c_str());
      std::abort();
    }
  }
  return 0;
}

#include "base/version.h"

namespace nd {

const char* const kPackageVersion = ND_VERSION;

}  // namespace nd

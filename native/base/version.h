// The version of the package, written once: CMake passes its project version, which a test compares
// with package.json.
#pragma once

namespace nd {

extern const char* const kPackageVersion;  ///< "0.1.0"

}  // namespace nd

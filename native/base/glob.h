// Patterns over names, as shells have them.
#pragma once

#include <string_view>

namespace nd {

/// Whether all of `text` is what `pattern` says: * stands for any characters, also none, ? for
/// one, everything else for itself.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace nd

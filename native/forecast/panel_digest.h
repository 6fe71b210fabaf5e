// A fingerprint of a panel: whether what goes on from a file goes on with the same data.
#pragma once

#include <string>

#include "data/panel.h"

namespace nd::forecast {

/// 32 hexadecimal digits over names, times, values and columns of all series, and the frequency.
std::string panel_digest(const data::Panel& panel);

/// The same over a text.
std::string text_digest(const std::string& text);

}  // namespace nd::forecast

// What a panel must hold before a network learns from it.
#pragma once

#include <string>

#include "data/panel.h"
#include "models/network.h"

namespace nd::train {

/// Throws E0011, naming series, row and value, for a known target that the network's distribution
/// cannot give.
void check_support(const Network& network, const data::Panel& panel);

/// Throws E0004 when `panel` lacks the column of weights, E0011 for texts, for a weight below 0,
/// and when all are 0.
void check_weights(const std::string& column, const data::Panel& panel);

}  // namespace nd::train

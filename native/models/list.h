// Every model, by hand: a list is greppable, has an order and survives static linking; registrars
// do not.
#pragma once

#include "models/spec.h"

namespace nd {

extern const ModelSpec kMlp;
extern const ModelSpec kDLinear;
extern const ModelSpec kNLinear;
extern const ModelSpec kNBeats;
extern const ModelSpec kNHits;
extern const ModelSpec kPatchTst;
extern const ModelSpec kTsMixer;
extern const ModelSpec kLstmModel;
extern const ModelSpec kAutoformer;

}  // namespace nd

// A saved model as lines of text, from which a whole file with right digests is made. Bytes of a
// real file would never get past its digests, and the fuzzer would never see what lies behind them.
//
//   config {…}                          any other first word: metadata of that name
//   tensor NAME DTYPE 4,12 0.5 -1 nan   values are repeated until the tensor is full
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nd::fuzz {

/// The bytes of the file; empty when the text asks for more than a megabyte.
std::vector<uint8_t> model_bytes(std::string_view text);

}  // namespace nd::fuzz

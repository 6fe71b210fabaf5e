#include "ops/shape.h"

#include <algorithm>

#include "base/error.h"

namespace nd {

std::string to_string(const Shape& shape) {
  std::string text = "[";
  if (shape.batch == 1) text += "B";
  if (shape.batch > 1) text += std::to_string(shape.batch) + "B";
  for (size_t i = 0; i < shape.dims.size(); ++i) {
    if (i > 0 || shape.is_batched()) text += ", ";
    text += std::to_string(shape.dims[i]);
  }
  return text + "]";
}

namespace {

// Dimension at distance `from_end` (1 = last axis) of the static part; 1 beyond it.
int64_t trailing(const Shape& s, int64_t from_end) {
  const int64_t count = static_cast<int64_t>(s.dims.size());
  return from_end <= count ? s.dims[static_cast<size_t>(count - from_end)] : 1;
}

[[noreturn]] void refuse(const Shape& a, const Shape& b, const char* place) {
  throw Error(Code::shape, std::string("[") + place + "] received operands " + to_string(a) +
                               " and " + to_string(b) + ", expected shapes that broadcast");
}

}  // namespace

Shape broadcast_shapes(const Shape& a, const Shape& b, const char* place) {
  if (a.is_batched() && b.is_batched() && (a.batch != b.batch || a.dims.size() != b.dims.size()))
    refuse(a, b, place);
  const bool batched = a.is_batched() || b.is_batched();
  const Shape& leader =
      a.is_batched() || (!b.is_batched() && a.dims.size() >= b.dims.size()) ? a : b;
  const Shape& other = &leader == &a ? b : a;
  const int64_t rank = static_cast<int64_t>(leader.dims.size());
  const int64_t other_rank = static_cast<int64_t>(other.dims.size());
  // An unbatched operand may reach the batch axis of the other one only with size 1.
  if (other_rank > rank + (batched ? 1 : 0)) refuse(a, b, place);
  if (other_rank == rank + 1 && other.dims[0] != 1) refuse(a, b, place);
  Shape out{leader.batch, std::vector<int64_t>(static_cast<size_t>(rank))};
  for (int64_t axis = 1; axis <= rank; ++axis) {
    const int64_t x = trailing(a, axis), y = trailing(b, axis);
    if (x != y && x != 1 && y != 1) refuse(a, b, place);
    out.dims[static_cast<size_t>(rank - axis)] = x == 1 ? y : x;
  }
  return out;
}

}  // namespace nd

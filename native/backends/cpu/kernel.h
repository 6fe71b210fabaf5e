// One step of a CPU plan. Its work is cut into a number of tiles that depends on shapes only;
// whichever thread runs a tile, the tile's result is the same.
#pragma once

#include <cstdint>
#include <vector>

namespace nd::cpu {

/// Memory that a kernel reads or writes: which buffer, and where in it (floats).
struct Slot {
  enum class Base : uint8_t {
    arena,
    input,
    parameters,
    gradients,
    prologue,  ///< written by the prologue, kept from run to run
    constants
  } base = Base::arena;
  int64_t offset = 0;
  int32_t input = -1;  ///< which input, for Base::input
};

/// What changes from run to run.
struct RunContext {
  uint64_t seed = 0;
  uint32_t step = 0;
  float* scratch = nullptr;  ///< `scratch_floats` floats of the calling member's own
};

class Kernel {
 public:
  explicit Kernel(std::vector<Slot> slots)
      : slots(std::move(slots)), at(this->slots.size(), nullptr) {}
  virtual ~Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  /// Runs tiles [begin, end). Never throws, allocates or locks.
  virtual void run(int64_t begin, int64_t end, const RunContext& context) const = 0;

  std::vector<Slot> slots;
  std::vector<float*> at;  ///< slots resolved to pointers before a run
  int64_t tiles = 1;
  double work = 0;  ///< estimated nanoseconds on one core: decides whether threads share it
  int64_t scratch_floats = 0;
};

/// Below this the two barriers around a shared kernel (about a microsecond each, members spinning)
/// cost more than the threads save.
inline constexpr double kParallelWork = 5000;

}  // namespace nd::cpu

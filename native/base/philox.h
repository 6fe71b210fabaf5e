// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A draw is a pure function of (seed, stream, index), so results depend neither
// on the number of threads nor on the order of evaluation, and a dropout mask is recomputed instead
// of stored.
#pragma once

#include <array>
#include <cstdint>

namespace nd {

/// Streams keep independent uses of one seed apart.
enum class Stream : uint32_t { initialise = 1, dropout = 2, windows = 3, series = 4, sampling = 5 };

/// Key and counter of one family of draws.
struct PhiloxKey {
  uint64_t seed = 0;
  Stream stream = Stream::initialise;
  uint32_t substream = 0;  ///< op or tensor number
  uint32_t step = 0;       ///< training step
};

/// Four independent uniform 32-bit words for block `block` of `key`.
std::array<uint32_t, 4> philox(const PhiloxKey& key, uint32_t block, int rounds = 10);

/// Uniform in [0, 1), 24 bits: word `index % 4` of block `index / 4`.
float philox_uniform(const PhiloxKey& key, uint64_t index);

/// Uniform integer in [0, bound), bias below 2^-32; `bound` > 0.
uint64_t philox_below(const PhiloxKey& key, uint64_t index, uint64_t bound);

// Dropout draws more numbers than everything else together and asks little of them: 16 bits each,
// eight to a block, from as few rounds as pass BigCrush (Salmon et al., table 2).
inline constexpr int kDropoutRounds = 7;
/// Elements of dropout lie in groups of 8 rows of 16, one block to a column: a vector of blocks
/// gives vectors of neighbours.
inline constexpr uint64_t kDropoutRow = 16, kDropoutGroup = 8 * kDropoutRow;

/// Uniform in [0, 65536): half `part` < 8 of `block`, the high half of word part % 4 for part < 4,
/// else the low one.
uint32_t philox_half(const PhiloxKey& key, uint32_t block, uint32_t part);

/// A draw below this keeps its element, dropped with probability p in [0, 1]: exact to 2^-17.
uint32_t kept_draws(double p);

/// Whether dropout with probability p keeps element `index` of `key`.
bool dropout_keeps(const PhiloxKey& key, uint64_t index, double p);

}  // namespace nd

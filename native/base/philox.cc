#include "base/philox.h"

#include <cmath>

namespace nd {

std::array<uint32_t, 4> philox(const PhiloxKey& key, uint32_t block, int rounds) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53,
                     kMultiplier1 = 0xCD9E8D57;  // Salmon et al., table 2
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  uint32_t k0 = static_cast<uint32_t>(key.seed), k1 = static_cast<uint32_t>(key.seed >> 32);
  std::array<uint32_t, 4> c = {block, key.step, key.substream, static_cast<uint32_t>(key.stream)};
  for (int round = 0; round < rounds; ++round) {
    const uint64_t p0 = kMultiplier0 * c[0], p1 = kMultiplier1 * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return c;
}

float philox_uniform(const PhiloxKey& key, uint64_t index) {
  const auto words = philox(key, static_cast<uint32_t>(index / 4));
  return static_cast<float>(words[index % 4] >> 8) * 0x1p-24f;
}

uint64_t philox_below(const PhiloxKey& key, uint64_t index, uint64_t bound) {
  // One block per draw: 64 random bits make the bias of the multiply-shift negligible for any real
  // bound.
  const auto words = philox(key, static_cast<uint32_t>(index));
  const uint64_t bits = (static_cast<uint64_t>(words[0]) << 32) | words[1];
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * bound) >> 64);
}

uint32_t philox_half(const PhiloxKey& key, uint32_t block, uint32_t part) {
  const uint32_t word = philox(key, block, kDropoutRounds)[part % 4];
  return part < 4 ? word >> 16 : word & 0xFFFFu;
}

uint32_t kept_draws(double p) { return static_cast<uint32_t>(std::lround((1 - p) * 65536)); }

bool dropout_keeps(const PhiloxKey& key, uint64_t index, double p) {
  const uint64_t block = index / kDropoutGroup * kDropoutRow + index % kDropoutRow;
  const uint64_t part = index % kDropoutGroup / kDropoutRow;
  return philox_half(key, static_cast<uint32_t>(block), static_cast<uint32_t>(part)) <
         kept_draws(p);
}

}  // namespace nd

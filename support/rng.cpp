#include "longhaul/rng.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "support/philox.h"

namespace longhaul {
namespace {

uint64_t mix(uint64_t h) {  // finaliser of splitmix64 (Steele et al. 2014)
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9u;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebu;
  return h ^ (h >> 31);
}

}  // namespace

uint64_t hash_bytes(const void* data, std::size_t bytes, uint64_t start) {
  const auto* p = static_cast<const unsigned char*>(data);
  uint64_t h = 0xcbf29ce484222325u ^ mix(start + 1);
  for (std::size_t i = 0; i < bytes; ++i) h = (h ^ p[i]) * 0x100000001b3u;
  return mix(h);
}

Rng::Rng(uint64_t seed, std::string_view purpose, uint64_t index) {
  const uint64_t key = hash_bytes(purpose.data(), purpose.size(), seed);
  key_[0] = static_cast<uint32_t>(key);
  key_[1] = static_cast<uint32_t>(key >> 32);
  counter_[0] = counter_[1] = 0;
  counter_[2] = static_cast<uint32_t>(index);
  counter_[3] = static_cast<uint32_t>(index >> 32);
}

void Rng::refill() {
  const auto block =
      philox4x32({counter_[0], counter_[1], counter_[2], counter_[3]}, {key_[0], key_[1]});
  std::copy(block.begin(), block.end(), block_);
  if (++counter_[0] == 0) ++counter_[1];
  used_ = 0;
}

uint32_t Rng::bits() {
  if (used_ == 4) refill();
  return block_[used_++];
}

double Rng::uniform() {
  const uint64_t high = bits() >> 5, low = bits() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

float Rng::uniform_float() { return static_cast<float>(bits() >> 8) * 0x1p-24f; }

double Rng::uniform(double low, double high) { return low + (high - low) * uniform(); }

int64_t Rng::below(int64_t n) {
  require(n >= 1 && n <= int64_t{1} << 32, "Rng::below: n is ", n, ", expected 1 .. 2^32");
  // Lemire's multiply-and-reject: exactly uniform, a division only in the rare rejection zone.
  const auto range = static_cast<uint64_t>(n);
  uint64_t product = bits() * range;
  if (static_cast<uint32_t>(product) < range) {
    const auto floor = static_cast<uint32_t>((uint64_t{1} << 32) % range);
    while (static_cast<uint32_t>(product) < floor) product = bits() * range;
  }
  return static_cast<int64_t>(product >> 32);
}

int64_t Rng::between(int64_t low, int64_t high) {
  require(low <= high, "Rng::between: low is ", low, ", high is ", high);
  return low + below(high - low + 1);
}

double Rng::normal() {
  const double radius = std::sqrt(-2 * elementary::log(1 - uniform()));
  return radius * elementary::cos(2 * std::numbers::pi * uniform());
}

}  // namespace longhaul

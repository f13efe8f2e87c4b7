#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace longhaul {

// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3"). A stream is named by (seed, purpose, index), so what it yields does not depend
// on who else drew before. All distributions are our own: the standard library's differ between
// systems.
class Rng {
 public:
  Rng(uint64_t seed, std::string_view purpose, uint64_t index = 0);

  uint32_t bits();        // 32 uniform bits
  double uniform();       // [0, 1), 53 bits
  float uniform_float();  // [0, 1), 24 bits
  double uniform(double low, double high);
  // 0 .. n-1, exactly uniform. Throws Error unless 1 <= n <= 2^32.
  int64_t below(int64_t n);
  // low .. high, both included. Throws Error unless low <= high < low + 2^32.
  int64_t between(int64_t low, int64_t high);
  bool chance(double p) { return uniform() < p; }
  double normal();  // mean 0, deviation 1 (Box-Muller)

  template <class T>
  void shuffle(std::vector<T>& items) {  // Fisher-Yates
    for (int64_t i = static_cast<int64_t>(items.size()) - 1; i > 0; --i)
      std::swap(items[i], items[below(i + 1)]);
  }

 private:
  void refill();

  uint32_t key_[2];
  uint32_t counter_[4];
  uint32_t block_[4];
  int used_ = 4;
};

// Order-dependent 64-bit hash of bytes (FNV-1a with a final mix), the same on every machine.
uint64_t hash_bytes(const void* data, std::size_t bytes, uint64_t start = 0);

}  // namespace longhaul

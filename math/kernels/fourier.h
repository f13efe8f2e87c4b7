#pragma once

#include <complex>
#include <cstdint>
#include <kissfft/kissfft.hh>
#include <map>
#include <mutex>

#include "math/memory.h"

namespace longhaul {

// Fourier transforms in double, by KissFFT's template: compiled here, so that nothing depends on
// the processor (docs/decisions/0008-kissfft.md).
using Spectrum = PooledVector<std::complex<double>>;

// The smallest 2^a or 3 2^a that is not below `least`: lengths that transform fast.
inline int64_t fast_length(int64_t least) {
  int64_t n = 4;
  while (n < least) n *= 2;
  return n / 4 * 3 >= least ? n / 4 * 3 : n;
}

// X_k = sum_t x_t exp(-+ 2 pi i k t / n), backwards with the plus: not divided by n.
class Fourier {
 public:
  explicit Fourier(int64_t n)
      : forwards_(static_cast<std::size_t>(n), false),
        backwards_(static_cast<std::size_t>(n), true) {}
  // The one of length n, made the first time: its factors take longer than a transform. Threads may
  // share it. n is a fast_length(), of which there are few.
  static const Fourier& of(int64_t n) {
    static std::mutex mutex;
    static std::map<int64_t, Fourier> made;
    const std::lock_guard lock(mutex);
    return made.try_emplace(n, n).first->second;
  }
  Spectrum forwards(const Spectrum& x) const { return transformed(x, forwards_); }
  Spectrum backwards(const Spectrum& x) const { return transformed(x, backwards_); }

 private:
  static Spectrum transformed(const Spectrum& x, const kissfft<double>& transform) {
    Spectrum result(x.size());
    transform.transform(x.data(), result.data());
    return result;
  }

  kissfft<double> forwards_, backwards_;
};

}  // namespace longhaul

// Cosines of the blocks of two vectors against the cosine of the whole (kexue.fm/archives/9931):
//
//   cos(x, y) = sum_k c_k ||x_k|| ||y_k|| / (||x|| ||y||)      c_k = cos(x_k, y_k)
//
// The weights of the c_k sum to the cosine of the two vectors of block norms, so that the whole is
// at most the largest c_k if none is negative, but may be near 0 although every c_k is near 1: let
// x be large where y is small. Blocks are the tensors of a network, x an update and y a gradient.
#include <algorithm>
#include <cmath>

#include "harness/claims/measurement.h"
#include "longhaul/rng.h"

namespace longhaul {
namespace {

constexpr int kWidth = 4;  // of a block

struct Cosines {
  double whole = 0, from_blocks = 0, least = 1, largest = -1;
};

struct Sums {
  double xx = 0, yy = 0, xy = 0;
};

// Two blocks of cosine `cosine` and the given lengths.
Sums draw_block(double cosine, double x_norm, double y_norm, Rng& rng) {
  std::vector<double> a, b;
  double aa = 0, ab = 0, bb = 0;
  for (int i = 0; i < kWidth; ++i) {
    a.push_back(rng.normal());
    b.push_back(rng.normal());
    aa += a.back() * a.back();
    ab += a.back() * b.back();
  }
  for (int i = 0; i < kWidth; ++i) {
    b[i] -= ab / aa * a[i];  // what of b is orthogonal to a
    bb += b[i] * b[i];
  }
  Sums sums;
  const double sine = std::sqrt(1 - cosine * cosine);
  for (int i = 0; i < kWidth; ++i) {
    const double x = x_norm * a[i] / std::sqrt(aa);
    const double y = y_norm * (cosine * a[i] / std::sqrt(aa) + sine * b[i] / std::sqrt(bb));
    sums.xx += x * x;
    sums.yy += y * y;
    sums.xy += x * y;
  }
  return sums;
}

// The norms of blocks are lognormal, those of x and those of y apart.
template <class Cosine>
Cosines draw(int64_t blocks, double spread, Cosine cosine, Rng& rng) {
  Cosines found;
  Sums whole;
  double weighted = 0;
  for (int64_t k = 0; k < blocks; ++k) {
    const double x_norm = std::exp(spread * rng.normal()), y_norm = std::exp(spread * rng.normal());
    const double c = cosine();
    const Sums sums = draw_block(c, x_norm, y_norm, rng);
    whole.xx += sums.xx;
    whole.yy += sums.yy;
    whole.xy += sums.xy;
    weighted += c * x_norm * y_norm;
    found.least = std::min(found.least, c);
    found.largest = std::max(found.largest, c);
  }
  const double norms = std::sqrt(whole.xx * whole.yy);
  found.whole = whole.xy / norms;
  found.from_blocks = weighted / norms;
  return found;
}

std::map<std::string, double> run(int64_t blocks, double spread, uint64_t seed) {
  constexpr int kDraws = 100000;
  constexpr double kSlack = 1e-12;  // rounding
  Rng rng(seed, "block cosine");
  double identity_error = 0, violations = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Cosines found = draw(
        blocks, spread, [&] { return rng.uniform(); }, rng);
    identity_error = std::max(identity_error, std::abs(found.whole - found.from_blocks));
    violations += found.whole > found.largest + kSlack;
  }
  double mean = 0, below = 0, least_whole = 1;
  for (int i = 0; i < kDraws; ++i) {
    const Cosines found = draw(
        blocks, spread, [] { return 0.9; }, rng);
    mean += found.whole / kDraws;
    below += found.whole < found.least - kSlack ? 1.0 / kDraws : 0;
    least_whole = std::min(least_whole, found.whole);
  }
  return {{"identity_error", identity_error},
          {"violations", violations},
          {"mean_whole", mean},
          {"share_below", below},
          {"least_whole", least_whole}};
}

ClaimMeasurement make(Options& options) {
  const int64_t blocks = options.integer("blocks", 8, "of each vector", 1, 10000);
  const double spread =
      options.number("spread", 1, "standard deviation of the logarithm of a block's norm", 0, 10);
  return {{{"identity_error", "largest of 10^5 draws, block cosines uniform in [0, 1]"},
           {"violations", "of these, how often the whole is above the largest block"},
           {"mean_whole", "cosine of the whole, every block's 0.9"},
           {"share_below", "how often it is below 0.9"},
           {"least_whole", "least of 10^5 draws"}},
          [=](uint64_t seed) { return run(blocks, spread, seed); }};
}

}  // namespace

MeasurementInfo block_cosine() {
  return {"block_cosine", "cosines of blocks against the cosine of the whole", make};
}

}  // namespace longhaul

#include "harness/throughput/limits.h"

#include <map>
#include <vector>

#include "math/parallel.h"
#include "math/peak.h"

namespace longhaul {

double peak_gflops(int threads) {
  std::vector<double> peaks(static_cast<std::size_t>(threads));
  parallel_for(threads, 1, [&](int64_t i, int64_t) { peaks[i] = fma_peak_gflops(); });
  double sum = 0;
  for (const double peak : peaks) sum += peak;
  return sum;
}

double peak_gigabytes_per_second(int threads) {
  static std::map<int, double> measured;
  const auto found = measured.find(threads);
  if (found != measured.end()) return found->second;
  return measured[threads] = memory_gigabytes_per_second(threads);
}

}  // namespace longhaul

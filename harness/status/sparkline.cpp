#include "harness/status/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace longhaul {
namespace {

constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::vector<double> averaged(const std::vector<double>& numbers, std::size_t most) {
  if (numbers.size() <= most) return numbers;
  std::vector<double> means;
  for (std::size_t group = 0; group < most; ++group) {
    const std::size_t begin = group * numbers.size() / most,
                      end = (group + 1) * numbers.size() / most;
    const double sum = std::accumulate(numbers.begin() + static_cast<std::ptrdiff_t>(begin),
                                       numbers.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    means.push_back(sum / static_cast<double>(end - begin));
  }
  return means;
}

}  // namespace

std::string sparkline(const std::vector<double>& numbers, std::size_t most) {
  const std::vector<double> shown = averaged(numbers, most);
  double low = INFINITY, high = -INFINITY;
  for (const double number : shown)
    if (std::isfinite(number)) {
      low = std::min(low, number);
      high = std::max(high, number);
    }
  std::string line;
  for (const double number : shown) {
    if (!std::isfinite(number)) {
      line += ' ';
      continue;
    }
    const double share = high > low ? (number - low) / (high - low) : 0;
    line += kBlocks.at(static_cast<std::size_t>(std::lround(share * (kBlocks.size() - 1))));
  }
  return line;
}

}  // namespace longhaul

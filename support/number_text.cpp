#include "support/number_text.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace longhaul {
namespace {

std::string scaled(double value, double base, const std::vector<const char*>& suffixes) {
  std::size_t step = 0;
  while (std::abs(value) >= base * 0.9995 && step + 1 < suffixes.size()) {
    value /= base;
    ++step;
  }
  const double size = std::abs(value);
  const int decimals = size >= 99.95 || (step == 0 && value == std::floor(value)) ? 0
                       : size >= 9.995                                            ? 1
                                                                                  : 2;
  return fmt::format("{:.{}f}{}", value, decimals, suffixes[step]);
}

}  // namespace

std::string short_count(double value) { return scaled(value, 1000, {"", "k", "M", "G", "T", "P"}); }
std::string short_bytes(double value) {
  return scaled(value, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}

}  // namespace longhaul

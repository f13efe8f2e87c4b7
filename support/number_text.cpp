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

std::optional<int64_t> whole_number(const OptionValue& value) {
  constexpr double kMost = 1e15;  // below, a double holds every whole number
  if (const int64_t* whole = std::get_if<int64_t>(&value)) return *whole;
  const double* real = std::get_if<double>(&value);
  if (!real || !(std::abs(*real) < kMost) || *real != std::floor(*real)) return std::nullopt;
  return static_cast<int64_t>(*real);
}

std::string short_count(double value) { return scaled(value, 1000, {"", "k", "M", "G", "T", "P"}); }
std::string short_bytes(double value) {
  return scaled(value, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}

}  // namespace longhaul

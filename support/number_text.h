#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "longhaul/options.h"

namespace longhaul {

// Reads text that is a finite number and nothing else, whatever the locale. False, and `number` is
// of no use, if it is not, or if it does not fit. Whole numbers are decimal: 010 is ten.
template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (stop != end || fault != std::errc()) return false;
  if constexpr (std::is_floating_point_v<Number>) return std::isfinite(number);
  return true;
}

// A value that is a whole number, be it written 1000, 1e3 or 1000.0; none if it is not one.
std::optional<int64_t> whole_number(const OptionValue& value);

// Three digits that count, and the unit's multiple: "84.2k", "12.3 MiB".
std::string short_count(double value);
std::string short_bytes(double value);

}  // namespace longhaul

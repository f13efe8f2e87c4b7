#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

namespace longhaul {

// Reads text that is a number and nothing else, whatever the locale. False, and `number` is of no
// use, if it is not, or if it does not fit. Whole numbers are decimal: 010 is ten.
template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  return stop == end && fault == std::errc();
}

// Three digits that count, and the unit's multiple: "84.2k", "12.3 MiB".
std::string short_count(double value);
std::string short_bytes(double value);

}  // namespace longhaul

#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Cells of a table of data: words, numbers, names of classes.
namespace longhaul::cells {

std::vector<std::string_view> words_of(std::string_view text);

// The whole word as a number; none if it is not one.
template <class Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (fault != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

// What every name stands for, in order: as numbers where all are whole numbers.
std::map<std::string, int32_t> numbered(const std::set<std::string>& names);

// "4 0 17" as ids: each whole number and 1. `at`, "FILE:2: column x: ", begins messages of Error.
std::vector<int32_t> ids(std::string_view cell, const std::string& at);

// "1,10 3,30": real numbers of `channels` a step; 0: as many as the first step has, which it then
// is.
std::vector<float> numbers(std::string_view cell, int64_t& channels, const std::string& at);

// A real answer.
double answer(std::string_view word, const std::string& at);

}  // namespace longhaul::cells

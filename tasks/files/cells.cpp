#include "tasks/files/cells.h"

#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"

namespace longhaul::cells {
namespace {

constexpr int64_t kMostIds = 10'000'000;

// What stands between commas, be it empty.
std::vector<std::string_view> parts_of(std::string_view step) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t comma = step.find(',');
    parts.push_back(step.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    step.remove_prefix(comma + 1);
  }
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::map<std::string, int32_t> numbered(const std::set<std::string>& names) {
  std::vector<std::string> order(names.begin(), names.end());
  const auto value = [](const std::string& name) { return number_of<int64_t>(name); };
  if (std::all_of(order.begin(), order.end(), value))
    std::stable_sort(order.begin(), order.end(), [&](const std::string& a, const std::string& b) {
      return *value(a) < *value(b);
    });
  std::map<std::string, int32_t> numbers;
  for (const std::string& name : order) numbers.emplace(name, static_cast<int32_t>(numbers.size()));
  return numbers;
}

std::vector<int32_t> ids(std::string_view cell, const std::string& at) {
  std::vector<int32_t> tokens;
  for (const std::string_view word : words_of(cell)) {
    const auto id = number_of<int64_t>(word);
    require(id && *id >= 0 && *id < kMostIds, at, "found ", data::quoted(word),
            ", allowed: whole numbers of 0 .. ", kMostIds - 1, ", with blanks between");
    tokens.push_back(static_cast<int32_t>(*id + 1));
  }
  return tokens;
}

std::vector<float> numbers(std::string_view cell, int64_t& channels, const std::string& at) {
  std::vector<float> values;
  for (const std::string_view step : words_of(cell)) {
    const std::vector<std::string_view> parts = parts_of(step);
    if (channels == 0) channels = std::ssize(parts);
    require(std::ssize(parts) == channels && channels > 0, at, "found ", data::quoted(step),
            ", allowed: ", std::max<int64_t>(channels, 1),
            " numbers a step, as in the first, with commas between");
    for (const std::string_view part : parts) {
      const auto number = number_of<double>(part);
      require(number && std::isfinite(static_cast<float>(*number)), at, "found ",
              data::quoted(part), " in ", data::quoted(step),
              ", allowed: real numbers, with blanks between steps and commas between channels");
      values.push_back(static_cast<float>(*number));
    }
  }
  return values;
}

double answer(std::string_view word, const std::string& at) {
  const auto number = number_of<double>(word);
  require(number && std::isfinite(static_cast<float>(*number)), at, "found ", data::quoted(word),
          ", allowed: a real number");
  return *number;
}

}  // namespace longhaul::cells

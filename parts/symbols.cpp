#include "longhaul/parts/symbols.h"

#include <algorithm>
#include <cmath>

#include "longhaul/error.h"

namespace longhaul::symbols {
namespace {

constexpr std::size_t kLineWidth = 100;

void append_right(std::string& line, const std::string& word, std::size_t width) {
  line += std::string(width - word.size(), ' ') + word;
}

}  // namespace

std::vector<int32_t> draw(Rng& rng, int64_t count, int32_t low, int32_t high) {
  std::vector<int32_t> ids(count);
  for (int32_t& id : ids) id = static_cast<int32_t>(rng.between(low, high));
  return ids;
}

void append(Example& example, int64_t count, int32_t id) {
  example.tokens.insert(example.tokens.end(), count, id);
  example.targets.insert(example.targets.end(), count, kIgnore);
}

void append_answer(Example& example, int32_t target, int32_t id) {
  example.targets.back() = target;
  append(example, 1, id);
}

int64_t draw_size(Rng& rng, int64_t largest) {
  const double bias = std::sqrt(static_cast<double>(largest));
  const auto weight = [&](int64_t size) { return 1 / (static_cast<double>(size) + bias); };
  double total = 0;
  for (int64_t size = 3; size <= largest; ++size) total += weight(size);
  double left = rng.uniform() * total;
  int64_t size = 3;
  while (size < largest && left >= weight(size)) left -= weight(size++);
  return size;
}

int32_t most_frequent(const Example& example, int64_t count, int32_t low, int32_t high) {
  std::vector<int32_t> seen(high - low + 1);
  for (int64_t t = 0; t < count; ++t) {
    const int32_t id = example.tokens[t];
    if (id >= low && id <= high) ++seen[id - low];
  }
  return low + static_cast<int32_t>(std::max_element(seen.begin(), seen.end()) - seen.begin());
}

std::string too_short(int64_t length, int64_t fewest) {
  return length >= fewest ? "" : text("found ", length, ", allowed: at least ", fewest);
}

OptionMap length_option(int64_t length, const std::string& complaint) {
  require(complaint.empty(), "length: ", complaint);
  return {{"length", length}};
}

std::string rows(const Example& example, const Name& token, const Name& target) {
  std::vector<std::string> words, answers;
  std::size_t width = 0;
  for (std::size_t t = 0; t < example.tokens.size(); ++t) {
    words.push_back(token(example.tokens[t]));
    answers.push_back(example.targets[t] == kIgnore ? "." : target(example.targets[t]));
    width = std::max({width, words[t].size() + 1, answers[t].size() + 1});
  }
  const std::size_t columns =
      std::max<std::size_t>(1, kLineWidth / std::max<std::size_t>(width, 1));
  std::string shown;
  for (std::size_t first = 0; first < words.size(); first += columns) {
    std::string read = "input ", answer = "target";
    for (std::size_t t = first; t < std::min(first + columns, words.size()); ++t) {
      append_right(read, words[t], width);
      append_right(answer, answers[t], width);
    }
    shown += (first > 0 ? "\n" : "") + read + '\n' + answer + '\n';
  }
  return shown;
}

}  // namespace longhaul::symbols

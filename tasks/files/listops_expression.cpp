#include "tasks/files/listops_expression.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"

namespace longhaul::listops {
namespace {

int32_t apply(int32_t op, std::span<int32_t> arguments) {
  const std::size_t n = arguments.size();
  switch (op) {
    case kMin:
      return *std::min_element(arguments.begin(), arguments.end());
    case kMax:
      return *std::max_element(arguments.begin(), arguments.end());
    case kMed:
      std::sort(arguments.begin(), arguments.end());
      return (arguments[(n - 1) / 2] + arguments[n / 2]) / 2;
    default:
      return std::accumulate(arguments.begin(), arguments.end(), 0) % 10;
  }
}

int32_t token_of(std::string_view word) {
  if (word.size() == 1 && word[0] >= '0' && word[0] <= '9') return kDigit + word[0] - '0';
  if (word == "]") return kClose;
  if (word == "[MIN") return kMin;
  if (word == "[MAX") return kMax;
  if (word == "[MED") return kMed;
  require(word == "[SM", "found ", data::quoted(word),
          ", allowed: [MIN [MAX [MED [SM ] ( ) and the digits 0 .. 9");
  return kSum;
}

}  // namespace

std::vector<int32_t> parse(std::string_view source) {
  std::vector<int32_t> tokens;
  while (!source.empty()) {
    const std::string_view word = source.substr(0, source.find(' '));
    if (!word.empty() && word != "(" && word != ")") tokens.push_back(token_of(word));
    source.remove_prefix(std::min(word.size() + 1, source.size()));
  }
  return tokens;
}

int32_t evaluate(const std::vector<int32_t>& tokens) {
  std::vector<int32_t> values;  // the arguments seen so far of all open operators, outermost first
  std::vector<std::pair<int32_t, std::size_t>> open;  // operator, where its arguments start
  for (int32_t token : tokens) {
    if (token < kDigit) {
      open.emplace_back(token, values.size());
    } else if (token < kClose) {
      values.push_back(token - kDigit);
    } else {
      require(!open.empty(), "a ] closes no operator");
      const auto [op, first] = open.back();
      open.pop_back();
      require(first < values.size(), "an operator has no argument");
      const int32_t value = apply(op, std::span(values).subspan(first));
      values.resize(first);
      values.push_back(value);
    }
  }
  require(open.empty(), open.size(), " operators are not closed");
  require(values.size() == 1, "found ", values.size(), " expressions, allowed: one");
  return values.front();
}

}  // namespace longhaul::listops

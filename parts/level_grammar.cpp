#include "longhaul/parts/level_grammar.h"

#include <algorithm>
#include <set>

namespace longhaul {

LevelGrammar LevelGrammar::random(Rng& rng, const Size& size) {
  LevelGrammar grammar;
  for (int64_t level = 0; level < size.levels; ++level) {
    std::set<String> known;
    auto& symbols = grammar.rules.emplace_back(level == 0 ? 1 : size.symbols);
    for (auto& strings : symbols)
      while (static_cast<int64_t>(strings.size()) < size.rules) {
        String string(rng.between(size.shortest, size.longest));
        for (int32_t& symbol : string) symbol = static_cast<int32_t>(rng.below(size.symbols));
        if (known.insert(string).second) strings.push_back(string);
      }
  }
  return grammar;
}

int64_t LevelGrammar::possible_strings(const Size& size) {
  constexpr int64_t kMany = 1'000'000'000;
  int64_t strings = 0, of_length = 1;
  for (int64_t length = 1; length <= size.longest; ++length) {
    of_length = std::min(of_length * size.symbols, kMany);
    if (length >= size.shortest) strings = std::min(strings + of_length, kMany);
  }
  return strings;
}

bool LevelGrammar::derive(Rng& rng, std::size_t length, String& text) const {
  return derive(rng, length, text, 0, 0);
}

bool LevelGrammar::derive(Rng& rng, std::size_t length, String& text, std::size_t level,
                          int32_t symbol) const {
  if (text.size() >= length) return false;
  if (level == rules.size()) {
    text.push_back(symbol);
    return true;
  }
  const auto& strings = rules[level][symbol];
  for (const int32_t next : strings[rng.below(static_cast<int64_t>(strings.size()))])
    if (!derive(rng, length, text, level + 1, next)) return false;
  return true;
}

}  // namespace longhaul

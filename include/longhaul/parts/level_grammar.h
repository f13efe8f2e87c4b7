#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/rng.h"

namespace longhaul {

// A context-free grammar in levels: a symbol of one level becomes a string of symbols of the next,
// those of the last level are what one reads. So a tree that derives a text has the same depth
// everywhere (Allen-Zhu and Li 2023, "Physics of Language Models: Part 1", arXiv:2305.13673).
struct LevelGrammar {
  using String = std::vector<int32_t>;  // symbols from 0

  // [level][symbol] -> the strings that it may become. Level 0 has the start symbol alone.
  std::vector<std::vector<std::vector<String>>> rules;

  struct Size {
    int64_t levels, symbols;    // rewritings from the start to the text; symbols of a level
    int64_t rules;              // strings that a symbol may become
    int64_t shortest, longest;  // of these strings
  };

  // Strings of a level all differ, so that one knows what a string came from. Their lengths and
  // symbols are uniform. There must be enough of them: possible_strings() >= symbols * rules.
  static LevelGrammar random(Rng& rng, const Size& size);
  static int64_t possible_strings(const Size& size);  // at most 10^9

  // Appends a text that the grammar derives, each rule of a symbol with the same probability, until
  // `text` has `length` symbols. Returns whether the text ended before.
  bool derive(Rng& rng, std::size_t length, String& text) const;

 private:
  bool derive(Rng& rng, std::size_t length, String& text, std::size_t level, int32_t symbol) const;
};

}  // namespace longhaul

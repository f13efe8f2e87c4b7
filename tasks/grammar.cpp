// Texts of a context-free grammar: Lano, hierarchical structure (Allen-Zhu 2025, "Physics of
// Language Models: Part 4.1", arXiv:2512.17351; the grammars as in Part 1, arXiv:2305.13673).
//
// A start symbol is rewritten `levels` times, each time all of it. A symbol has `rules` strings of
// min_rule .. max_rule symbols of the next level that it may become, all equally likely. The last
// level is the text. Short strings of few symbols tell little about the symbol above them, so that
// a model has to take in a long stretch to know what may come next.
//
//   length 9, levels 2, symbols 2, rules 1, of the grammar  start -> A B, A -> 0 1, B -> 1 1 0
//   text    0 1 1 1 0, end, 0 1 1 1
//   input   1 2 2 2 1 3 1 2 2
//   target  1 1 1 0 2 0 1 1 1
//
// The strings of one level all differ, so the string tells its symbol; where one ends and the next
// begins is what has to be found out. grammar_seed names the grammar; it is the same for every
// split and seed. An example starts with a text; texts follow one another, an end between them,
// until the length is full. A target is the next token: only a causal model is put to the test.
//
// Ids: symbols 1 .. S, the end S+1 (0 pads). A target is its symbol's number from 0, the end is S.
// The shallow baseline is the commonest symbol after the last three.
//
// Where this differs from the original: its grammars cfg3b .. cfg3k have 7 and more levels of 3
// symbols with strings of 2 .. 3, drawn once and published as files; here any such grammar is drawn
// from a seed, so figures do not compare, and the default has 5 levels, texts of some 100 symbols.
// It scores whether what a model writes itself belongs to the language; here the next symbol is
// scored, and even the best model cannot be right where several may follow: compare perplexity.

#include <algorithm>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/level_grammar.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class Grammar final : public Task {
 public:
  explicit Grammar(Options& options)
      : length_(options.integer("length", 256, "tokens of an example", 1, 1'000'000)) {
    size_.levels = options.integer("levels", 5, "rewritings from the start to the text", 1, 20);
    size_.symbols = options.integer("symbols", 3, "symbols of a level", 2, 1000);
    size_.rules = options.integer("rules", 3, "strings that a symbol may become", 1, 1000);
    size_.shortest = options.integer("min_rule", 2, "fewest symbols of such a string", 1, 100);
    size_.longest = options.integer("max_rule", 3, "most symbols of such a string", 1, 100);
    const int64_t seed = options.integer("grammar_seed", 0, "names the grammar");
    if (size_.shortest > size_.longest) {
      options.problem("min_rule", text("found ", size_.shortest, ", allowed: at most ",
                                       size_.longest, " (max_rule)"));
      return;
    }
    const int64_t strings = LevelGrammar::possible_strings(size_);
    if (size_.symbols * size_.rules > strings) {
      options.problem(
          "rules", text("found ", size_.rules, ", allowed: at most ", strings / size_.symbols, " (",
                        strings, " strings for each level's ", size_.symbols, " symbols)"));
      return;
    }
    Rng rng(static_cast<uint64_t>(seed), "level grammar");
    grammar_ = LevelGrammar::random(rng, size_);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return size_.symbols + 2; }
  int64_t classes() const override { return size_.symbols + 1; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    LevelGrammar::String text;
    const auto wanted = static_cast<std::size_t>(length_ + 1);
    while (text.size() < wanted)
      if (grammar_.derive(rng, wanted, text)) text.push_back(end());
    Example example;
    for (int64_t t = 0; t < length_; ++t) {
      example.tokens.push_back(text[t] + 1);
      example.targets.push_back(text[t + 1]);
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, symbols::too_short(length, 1));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    int64_t key = 0;
    for (int64_t i = std::max<int64_t>(t - 2, 0); i <= t; ++i)
      key = key * vocab() + example.tokens[i];
    return {.key = key};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    for (const int32_t id : example.tokens)
      shown +=
          id - 1 == end() ? "\n" : text(shown.empty() || shown.back() == '\n' ? "" : " ", id - 1);
    return shown + (example.targets.back() == end()
                        ? " end\n"
                        : text(", then ", example.targets.back(), '\n'));
  }

 private:
  int32_t end() const { return static_cast<int32_t>(size_.symbols); }

  int64_t length_;
  LevelGrammar::Size size_{};
  LevelGrammar grammar_;
};

}  // namespace

LONGHAUL_PLUGIN(grammar) {
  registry.task<Grammar>({.name = "grammar",
                          .about = "the next symbol in texts of a context-free grammar",
                          .source = "Allen-Zhu 2025, arXiv:2512.17351, Lano",
                          .published = "none: the original's grammars are files; these are drawn"});
}

// Automata learnt in context: RegBench (Akyurek et al. 2024, "In-Context Language Learning:
// Architectures and Algorithms", arXiv:2401.12973; as in the authors' seq_icl).
//
// Every example has a random automaton of its own and shows words of it. What may come next has to
// be found out from the words before.
//
//   length 11, symbols 4, of an automaton with the words c a b a b .. from its start
//   text    c a b | c a | c a b a b
//   input   ids                                3 1 2 5 3 1 5 3 1 2 1
//   ordinary   the next token                  0 1 4 2 0 4 2 0 1 0 1
//   forced     where one symbol may follow     0 1 . 2 0 . 2 0 1 0 1
//
// The automaton has 2 .. `states` states and as many symbols, drawn of `symbols`. Of each state
// lead 1 .. `edges` of them on (no more than all symbols but one, if there are two or more), each
// to a uniform state. A word starts in the first state and takes 1 .. word_length uniform steps.
// Words are joined by a separator and cut at the length.
//
// test_set says what is scored, for training as for testing:
//   ordinary   every position, by the token that follows: no model can be right always, for several
//              symbols may follow, and a word may end anywhere
//   forced     positions whose state leads on by one symbol, if that symbol follows: this can be
//              known, once the automaton has shown it. Each example has such a position.
// Train on the ordinary one, as the original does, and test on both: evaluate: {test_sets:
// [ordinary, forced]}.
//
// Ids: symbols 1 .. S, the separator S+1 (0 pads). A target is its symbol's number from 0, the
// separator is S. Each position holds the answer to the one before: only a causal model is put to
// the test. The shallow baseline is the commonest token after the last one in all examples.
//
// Where this differs from the original: it has 10 .. 19 words of 0 .. 49 symbols, whatever the
// length that gives; it scores whether the symbol that a model thinks likeliest may follow. The
// splits are disjoint by the hash of the tokens, and an automaton of an example hardly comes twice.

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

struct Edge {
  int32_t symbol;
  int64_t to;
};
using Automaton = std::vector<std::vector<Edge>>;  // [state]

class Automata final : public Task {
 public:
  explicit Automata(Options& options)
      : length_(options.integer("length", 512, "tokens of an example", 2, 1'000'000)),
        symbols_(static_cast<int32_t>(
            options.integer("symbols", 18, "symbols that automata choose from", 2, 10'000))),
        states_(options.integer("states", 9, "most states of an automaton", 2, 10'000)),
        edges_(options.integer("edges", 4, "most symbols that lead on from a state", 1, 10'000)),
        word_length_(options.integer("word_length", 49, "most symbols of a word", 1, 1'000'000)),
        forced_only_(options.choice("test_set", "ordinary", {"ordinary", "forced"},
                                    "score every token, or where one symbol alone may follow") ==
                     "forced") {
    if (states_ > symbols_)
      options.problem("states", text("found ", states_, ", allowed: at most ", symbols_,
                                     " (an automaton has as many symbols)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return symbols_ + 2; }
  int64_t classes() const override { return symbols_ + 1; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    for (;;) {
      const Example example = draw_text(rng, draw_automaton(rng));
      if (std::any_of(example.targets.begin(), example.targets.end(),
                      [](int32_t target) { return target != kIgnore; }))
        return example;
    }
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, symbols::too_short(length, 2));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    return {.key = example.tokens[t]};
  }

  std::string show(const Example& example) const override {
    const auto name = [this](int32_t symbol) {
      if (symbol == symbols_) return std::string("|");
      return symbols_ <= 26 ? std::string(1, static_cast<char>('a' + symbol)) : text(symbol);
    };
    return symbols::rows(
        example, [&](int32_t id) { return name(id - 1); }, name);
  }

 private:
  Automaton draw_automaton(Rng& rng) const {
    const int64_t states = rng.between(2, states_);
    std::vector<int32_t> known(symbols_);
    std::iota(known.begin(), known.end(), 0);
    rng.shuffle(known);
    known.resize(states);
    const int64_t most = std::min(edges_, std::max<int64_t>(states - 1, 1));
    Automaton automaton(states);
    for (auto& edges : automaton) {
      const int64_t count = rng.between(1, most);
      rng.shuffle(known);
      for (int64_t i = 0; i < count; ++i) edges.push_back({known[i], rng.below(states)});
    }
    return automaton;
  }

  Example draw_text(Rng& rng, const Automaton& automaton) const {
    Example example;
    int64_t state = 0, left = rng.between(1, word_length_);
    for (int64_t t = 0; t <= length_; ++t) {
      const auto& edges = automaton[state];
      const bool ends = left == 0;
      const Edge& edge = edges[ends ? 0 : rng.below(static_cast<int64_t>(edges.size()))];
      const int32_t symbol = ends ? symbols_ : edge.symbol;
      const bool is_scored = !forced_only_ || (!ends && edges.size() == 1);
      if (t > 0) example.targets.push_back(is_scored ? symbol : kIgnore);
      if (t < length_) example.tokens.push_back(symbol + 1);
      state = ends ? 0 : edge.to;
      left = ends ? rng.between(1, word_length_) : left - 1;
    }
    return example;
  }

  int64_t length_;
  int32_t symbols_;
  int64_t states_, edges_, word_length_;
  bool forced_only_;
};

}  // namespace

LONGHAUL_PLUGIN(automata) {
  registry.task<Automata>(
      {.name = "automata",
       .about = "what follows in words of an automaton that the example shows",
       .source = "Akyurek et al. 2024, arXiv:2401.12973, RegBench",
       .published =
           "none quoted: it counts symbols that may follow as right, here one is asked for"});
}

// An order-2 Markov source with motifs that recur inside a sample: next-token prediction for the
// question whether a model trained on short texts predicts in long ones.
//
// Of every pair of symbols a fixed table tells which `successors` symbols may follow, and how
// likely each is. A sample draws `motifs` texts of motif_length uniform symbols and inserts one of
// them, chosen anew, again and again: min_gap .. max_gap symbols, uniformly, lie from the start of
// one insertion to the start of the next (and before the first). The source goes on from the last
// two symbols of a motif. So there is something to learn by heart, the table, and something to copy
// from the sample, its motifs.
//
//   length 11, vocabulary 9, motif_length 3, gaps 4 .. 5, one of the motifs 7 7 0
//   text    1 3 6 0 (7 7 0) 1 (7 7 0) 5
//   input   2 4 7 1 8 8 1 2 8 8 1
//   target  3 6 0 7 7 0 1 7 7 0 5
//
// The table: for each pair, different successors drawn uniformly, their probabilities from a
// symmetric Dirichlet distribution of parameter 1/2. source_seed names it; it is the same for every
// split and seed, or there would be nothing to learn.
//
// test_set says what is drawn, for training as for testing:
//   ordinary   a sample as above, however long
//   repeated   a sample of `period` symbols, repeated until the length is full: later symbols
//              can be copied, if attention still finds them
// Train on short ordinary samples, test on long ones of both: `longhaul eval --set length=512
// --set test_set=repeated`.
//
// Ids: symbols from 1 (0 pads). A target is its symbol's number from 0.
// The shallow baseline is the commonest successor of the symbol at the position: a model of order
// 1, where the source has order 2. Every position holds the answer to the one before: only a causal
// model is put to the test.
//
// This is a task of our own, made after the texts, repeated and not, on which length extrapolation
// of attention is compared.

#include <algorithm>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

struct Successor {
  int32_t symbol;
  double up_to;  // the probability of this one and those before it
};

// What may follow each pair of symbols 0 .. vocabulary-1.
class Source {
 public:
  Source(int64_t seed, int32_t vocabulary, int64_t successors)
      : vocabulary_(vocabulary), successors_(successors) {
    Rng rng(static_cast<uint64_t>(seed), "markov source");
    std::vector<int32_t> order(vocabulary);
    for (int32_t symbol = 0; symbol < vocabulary; ++symbol) order[symbol] = symbol;
    for (int32_t pair = 0; pair < vocabulary * vocabulary; ++pair) {
      double total = 0;
      for (int64_t i = 0; i < successors; ++i) {
        std::swap(order[i], order[rng.between(i, vocabulary - 1)]);
        const double normal = rng.normal();  // its square is a gamma variate of shape 1/2
        total += normal * normal;
        table_.push_back({order[i], total});
      }
      for (auto entry = table_.end() - successors; entry != table_.end(); ++entry)
        entry->up_to /= total;
    }
  }

  int32_t next(Rng& rng, int32_t before, int32_t last) const {
    const auto* entry = &table_[(int64_t{before} * vocabulary_ + last) * successors_];
    const double u = rng.uniform();
    for (int64_t i = 1; i < successors_ && entry->up_to <= u; ++i) ++entry;
    return entry->symbol;
  }

 private:
  int64_t vocabulary_, successors_;
  std::vector<Successor> table_;  // [vocabulary, vocabulary, successors]
};

class MarkovMotifs final : public Task {
 public:
  explicit MarkovMotifs(Options& options)
      : length_(options.integer("length", 64, "tokens of an example", 1, 4'000'000)),
        vocabulary_(
            static_cast<int32_t>(options.integer("vocabulary", 48, "different symbols", 2, 512))),
        successors_(options.integer("successors", 6, "symbols that may follow a pair", 1, 512)),
        motifs_(options.integer("motifs", 2, "texts that recur in a sample; 0 for none", 0, 1000)),
        motif_length_(options.integer("motif_length", 8, "symbols of a motif", 1, 100'000)),
        min_gap_(options.integer("min_gap", 12, "fewest symbols from one motif's start to the next",
                                 1, 1'000'000)),
        max_gap_(options.integer("max_gap", 24, "most symbols from one motif's start to the next",
                                 1, 1'000'000)),
        repeated_(options.choice("test_set", "ordinary", {"ordinary", "repeated"},
                                 "whether a sample is one text or a short one repeated") ==
                  "repeated"),
        period_(options.integer("period", 100, "symbols that are repeated", 2, 4'000'000)),
        source_(options.integer("source_seed", 0, "names the table of successors"), vocabulary_,
                std::min<int64_t>(successors_, vocabulary_)) {
    if (successors_ > vocabulary_)
      options.problem("successors", text("found ", successors_, ", allowed: at most ", vocabulary_,
                                         " (the vocabulary)"));
    if (min_gap_ < motif_length_)
      options.problem("min_gap", text("found ", min_gap_, ", allowed: at least ", motif_length_,
                                      " (motif_length)"));
    if (max_gap_ < min_gap_)
      options.problem("max_gap",
                      text("found ", max_gap_, ", allowed: at least ", min_gap_, " (min_gap)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 1; }
  int64_t classes() const override { return vocabulary_; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const auto text = draw_text(rng, repeated_ ? std::min(period_, length_ + 1) : length_ + 1);
    const auto size = static_cast<int64_t>(text.size());
    Example example;
    for (int64_t t = 0; t < length_; ++t) {
      example.tokens.push_back(text[t % size] + 1);
      example.targets.push_back(text[(t + 1) % size]);
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, symbols::too_short(length, 1));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    return {.key = example.tokens[t]};
  }

  std::string show(const Example& example) const override {
    return symbols::rows(
        example, [](int32_t id) { return std::to_string(id - 1); },
        [](int32_t symbol) { return std::to_string(symbol); });
  }

 private:
  // Symbols from 0.
  std::vector<int32_t> draw_text(Rng& rng, int64_t length) const {
    std::vector<std::vector<int32_t>> motifs;
    for (int64_t i = 0; i < motifs_; ++i)
      motifs.push_back(symbols::draw(rng, motif_length_, 0, vocabulary_ - 1));
    std::vector<int32_t> text = symbols::draw(rng, 2, 0, vocabulary_ - 1);
    int64_t motif_at = rng.between(min_gap_, max_gap_);
    while (static_cast<int64_t>(text.size()) < length) {
      const auto size = static_cast<int64_t>(text.size());
      if (motifs_ == 0 || size < motif_at) {
        text.push_back(source_.next(rng, text[size - 2], text[size - 1]));
        continue;
      }
      const auto& motif = motifs[rng.below(motifs_)];
      text.insert(text.end(), motif.begin(), motif.end());
      motif_at = size + rng.between(min_gap_, max_gap_);
    }
    text.resize(length);
    return text;
  }

  int64_t length_;
  int32_t vocabulary_;
  int64_t successors_, motifs_, motif_length_, min_gap_, max_gap_;
  bool repeated_;
  int64_t period_;
  Source source_;
};

}  // namespace

LONGHAUL_PLUGIN(markov_motifs) {
  registry.task<MarkovMotifs>(
      {.name = "markov_motifs",
       .about = "the next symbol of an order-2 source with motifs",
       .source = "this project; see the top of tasks/markov_motifs.cpp",
       .published = "none: a source of this project; docs/claims.md compares methods on it"});
}

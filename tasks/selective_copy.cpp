// Selective copying as in Mamba (Gu and Dao 2023, arXiv:2312.00752, section 4.1.1; the copying
// problem with variable spacing of Jing et al. 2019).
//
// Symbols at random places among blanks, then a marker for each symbol: there they are to be
// answered in order. Spacing differs from example to example, so a fixed delay does not do.
//
//   length 12, vocabulary 6, tokens 3
//   input   x and _ mixed, ? for each x        1 5 1 1 2 4 1 1 1 6 6 6
//   target  the symbols, in order              . . . . . . . . . 3 0 2
//
// Of a vocabulary of V symbols the first is the blank and the last the marker; those between are
// copied, drawn uniformly. Their places are a uniform choice of `tokens` of the first
// length - tokens. MAD's variant, selective_copying, spreads them about evenly, and has a COPY
// symbol and blanks for markers.
//
// Ids: blank 1, symbols 2 .. V-1, marker V (0 pads). A target is its symbol's number from 0.
//
// Where this differs from the original: its sequences of 4096 stand before the markers; here
// `length` counts all tokens, so that test lengths of different tasks are comparable.
// The shallow baseline is the commonest symbol of the example: a bag of tokens, without order.

#include <set>

#include "longhaul/parts/copy_task.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class SelectiveCopy final : public CopyTask {
 public:
  explicit SelectiveCopy(Options& options)
      : CopyTask(options, {.length = 4096, .vocabulary = 16, .tokens = 16}) {}

  int version() const override { return 1; }

  Example draw(Rng& rng) const override {
    const auto copied = symbols::draw(rng, size_.tokens, ids_.first_symbol, last_symbol());
    Example example;
    symbols::append(example, size_.length - size_.tokens, ids_.blank);
    symbols::append(example, size_.tokens, marker());
    int64_t i = 0;
    for (int64_t place : draw_places(rng)) {
      example.tokens[place] = copied[i];
      example.targets[size_.length - size_.tokens + i] = copied[i] - ids_.first_symbol;
      ++i;
    }
    return example;
  }

 private:
  // `tokens` of the first length - tokens places, each choice equally likely (Floyd's algorithm;
  // Bentley and Floyd 1987).
  std::set<int64_t> draw_places(Rng& rng) const {
    std::set<int64_t> places;
    for (int64_t last = size_.length - 2 * size_.tokens; last < size_.length - size_.tokens;
         ++last) {
      const int64_t place = rng.below(last + 1);
      if (!places.insert(place).second) places.insert(last);
    }
    return places;
  }
};

}  // namespace

LONGHAUL_PLUGIN(selective_copy) {
  registry.task<SelectiveCopy>({.name = "selective_copy",
                                .about = "symbols at random places among blanks, again in order",
                                .source = "Gu and Dao 2023, arXiv:2312.00752, section 4.1.1",
                                .published = "accuracy in percent, task as here\n"
                                             "Gu and Dao 2023, table 1: Mamba 99.8, S6 without a "
                                             "gate 97.0, H3 57.0, Hyena 30.1, S4 18.3"});
}

// The copying problem (Hochreiter and Schmidhuber 1997; as in Arjovsky et al. 2016,
// arXiv:1511.06464, section 4.1, and in S4's code).
//
// Symbols, a long stretch of blanks, then a marker for each symbol: there they are to be answered
// in order. The stretch is the time that a memory has to last.
//
//   length 12, vocabulary 6, tokens 3
//   input   x x x _ _ _ _ _ _ ? ? ?            5 2 4 1 1 1 1 1 1 6 6 6
//   target  the symbols, in order              . . . . . . . . . 3 0 2
//
// Of a vocabulary of V symbols the first is the blank and the last the marker; those between are
// copied, drawn uniformly. The blanks are length - 2 tokens.
//
// Ids: blank 1, symbols 2 .. V-1, marker V (0 pads). A target is its symbol's number from 0. The
// defaults are S4's: 10 symbols, 100 blanks, a vocabulary of 10.
//
// Where this differs from the original: Arjovsky et al. also ask for the blank wherever there is
// nothing to answer, and give one marker, followed by blanks. Here, as in S4's code, only the
// symbols are scored and each has a marker. The shallow baseline is the commonest symbol of the
// example: a bag of tokens, without order.

#include "longhaul/parts/copy_task.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class Copy final : public CopyTask {
 public:
  explicit Copy(Options& options)
      : CopyTask(options, {.length = 120, .vocabulary = 10, .tokens = 10}) {}

  int version() const override { return 1; }

  Example draw(Rng& rng) const override {
    Example example;
    for (int32_t id : symbols::draw(rng, size_.tokens, ids_.first_symbol, last_symbol()))
      symbols::append(example, 1, id);
    symbols::append(example, size_.length - 2 * size_.tokens, ids_.blank);
    symbols::append(example, size_.tokens, marker());
    for (int64_t i = 0; i < size_.tokens; ++i)
      example.targets[size_.length - size_.tokens + i] = example.tokens[i] - ids_.first_symbol;
    return example;
  }
};

}  // namespace

LONGHAUL_PLUGIN(copy) {
  registry.task<Copy>(
      {.name = "copy",
       .about = "symbols again in order, after a long stretch of blanks",
       .source = "Arjovsky et al. 2016, arXiv:1511.06464, section 4.1",
       .published =
           "cross-entropy, not accuracy: a network without memory stays at 10 ln 8 / (T + 20)\n"
           "for T blanks (section 4.1)"});
}

// Selective copying of MAD (Poli et al. 2024, arXiv:2403.17844, section 3.1).
//
// Symbols with blanks in between, then COPY: on the blanks after it the symbols are to be answered
// in order.
//
//   length 12, vocabulary 6, tokens 3
//   input   x and _ mixed, COPY, _ for each x  4 5 5 2 5 5 5 1 6 5 5 5
//   target  the symbols, in order              . . . . . . . . . 3 1 0
//
// Of a vocabulary of V symbols the last two are the blank and COPY. `tokens` symbols are drawn
// uniformly; length - 2 tokens - 1 blanks fall, each by itself and uniformly, into the tokens + 1
// gaps before, between and after them. So the symbols stand about evenly; selective_copy, after
// Mamba, spreads them at random.
//
// Ids: symbols 1 .. V-2, blank V-1, COPY V (0 pads). A target is its symbol's number from 0.
//
// Where this differs from the original:
// - It draws the blanks' gaps from a global generator, so that its data depend on what else ran. It
//   never draws the gap after the last symbol, which therefore always stands just before COPY.
// - It trains on 12,800 stored examples again and again; examples do not repeat here.
// The shallow baseline is the commonest symbol of the example: a bag of tokens, without order.
//
// Its harder levels: vocabulary 32, 64, 128; length 512, 1024; tokens 32, 64, 96.

#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/copy_task.h"
#include "longhaul/parts/mad.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class SelectiveCopying final : public CopyTask {
 public:
  explicit SelectiveCopying(Options& options) : SelectiveCopying(read_size(options)) {
    const std::string wrong = complaint(size_.length);
    if (!wrong.empty()) options.problem("length", wrong);
  }

  int version() const override { return 1; }

  Example draw(Rng& rng) const override {
    const auto copied = symbols::draw(rng, size_.tokens, 1, last_symbol());
    std::vector<int64_t> blanks(size_.tokens + 1);  // in each gap
    for (int64_t i = 2 * size_.tokens + 1; i < size_.length; ++i)
      ++blanks[rng.below(size_.tokens + 1)];

    Example example;
    for (int64_t i = 0; i < size_.tokens; ++i) {
      symbols::append(example, blanks[i], ids_.blank);
      symbols::append(example, 1, copied[i]);
    }
    symbols::append(example, blanks[size_.tokens], ids_.blank);
    symbols::append(example, 1, marker());
    for (int32_t id : copied) {
      symbols::append(example, 1, ids_.blank);
      example.targets.back() = id - 1;
    }
    return example;
  }

 private:
  explicit SelectiveCopying(const Size& size)
      : CopyTask(size, {.first_symbol = 1, .blank = size.vocabulary - 1, .marker = "C"}) {}

  static Size read_size(Options& options) {
    return {.length = options.integer("length", 256, "tokens of an example", 3, 1'000'000),
            .vocabulary = static_cast<int32_t>(options.integer(
                "vocabulary", 16, "symbols, the blank and COPY among them", 4, 1'000'000)),
            .tokens = options.integer("tokens", 16, "symbols to copy", 1, 500'000)};
  }

  std::string complaint(int64_t length) const override {
    if (length > 2 * size_.tokens) return "";
    return text("found ", length, ", allowed: at least ", 2 * size_.tokens + 1, " (", size_.tokens,
                " symbols, COPY and as many answers)");
  }
};

}  // namespace

LONGHAUL_PLUGIN(selective_copying) {
  registry.task<SelectiveCopying>({.name = "selective_copying",
                                   .about = "symbols again in order, without the blanks between",
                                   .source = mad::kSource,
                                   .published = mad::kPublished});
}

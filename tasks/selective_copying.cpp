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
#include "longhaul/parts/mad.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class SelectiveCopying final : public Task {
 public:
  explicit SelectiveCopying(Options& options)
      : length_(options.integer("length", 256, "tokens of an example", 3, 1'000'000)),
        vocabulary_(static_cast<int32_t>(options.integer(
            "vocabulary", 16, "symbols, the blank and COPY among them", 4, 1'000'000))),
        tokens_(options.integer("tokens", 16, "symbols to copy", 1, 500'000)) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 1; }
  int64_t classes() const override { return vocabulary_ - 2; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const auto copied = symbols::draw(rng, tokens_, 1, vocabulary_ - 2);
    std::vector<int64_t> blanks(tokens_ + 1);  // in each gap
    for (int64_t i = 2 * tokens_ + 1; i < length_; ++i) ++blanks[rng.below(tokens_ + 1)];

    Example example;
    for (int64_t i = 0; i < tokens_; ++i) {
      symbols::append(example, blanks[i], blank());
      symbols::append(example, 1, copied[i]);
    }
    symbols::append(example, blanks[tokens_], blank());
    symbols::append(example, 1, vocabulary_);
    for (int32_t id : copied) {
      symbols::append(example, 1, blank());
      example.targets.back() = id - 1;
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t) const override {
    return {.guess = symbols::most_frequent(example, length_ - tokens_, 1, vocabulary_ - 2) - 1};
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      if (id == blank()) return std::string("_");
      return id == vocabulary_ ? std::string("C") : std::to_string(id - 1);
    };
    return symbols::rows(example, token, [](int32_t symbol) { return std::to_string(symbol); });
  }

 private:
  int32_t blank() const { return vocabulary_ - 1; }

  std::string complaint(int64_t length) const {
    if (length > 2 * tokens_) return "";
    return text("found ", length, ", allowed: at least ", 2 * tokens_ + 1, " (", tokens_,
                " symbols, COPY and as many answers)");
  }

  int64_t length_;
  int32_t vocabulary_;
  int64_t tokens_;
};

}  // namespace

LONGHAUL_PLUGIN(selective_copying) {
  registry.task<SelectiveCopying>({.name = "selective_copying",
                                   .about = "symbols again in order, without the blanks between",
                                   .source = mad::kSource,
                                   .published = mad::kPublished});
}

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

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

constexpr int32_t kBlank = 1;

class Copy final : public Task {
 public:
  explicit Copy(Options& options)
      : length_(options.integer("length", 120, "tokens of an example", 2, 4'000'000)),
        vocabulary_(static_cast<int32_t>(options.integer(
            "vocabulary", 10, "symbols, the blank and the marker among them", 4, 1'000'000))),
        tokens_(options.integer("tokens", 10, "symbols to copy", 1, 2'000'000)) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 1; }
  int64_t classes() const override { return vocabulary_ - 2; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    Example example;
    for (int32_t id : symbols::draw(rng, tokens_, 2, vocabulary_ - 1))
      symbols::append(example, 1, id);
    symbols::append(example, length_ - 2 * tokens_, kBlank);
    symbols::append(example, tokens_, vocabulary_);
    for (int64_t i = 0; i < tokens_; ++i)
      example.targets[length_ - tokens_ + i] = example.tokens[i] - 2;
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t) const override {
    return {.guess = symbols::most_frequent(example, tokens_, 2, vocabulary_ - 1) - 2};
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      if (id == kBlank) return std::string("_");
      return id == vocabulary_ ? std::string("?") : std::to_string(id - 2);
    };
    return symbols::rows(example, token, [](int32_t symbol) { return std::to_string(symbol); });
  }

 private:
  std::string complaint(int64_t length) const {
    if (length >= 2 * tokens_) return "";
    return text("found ", length, ", allowed: at least ", 2 * tokens_, " (", tokens_,
                " symbols and as many markers)");
  }

  int64_t length_;
  int32_t vocabulary_;
  int64_t tokens_;
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

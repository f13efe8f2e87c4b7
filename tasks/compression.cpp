// Compression of MAD (Poli et al. 2024, arXiv:2403.17844, section 3.1).
//
// Random symbols, then a COMPRESS symbol: from there on all of them are to be answered in order.
// What a recurrent model holds at COMPRESS is all it has left of them.
//
//   length 10, vocabulary 6
//   input   x x x x x C _ _ _ _                3 1 5 5 2 6 7 7 7 7
//   target  the symbols, in order              . . . . . 2 0 4 4 1
//
// Of a vocabulary of V symbols the last is COMPRESS. An example has length / 2 uniform symbols,
// COMPRESS, which already answers the first, and a blank for every further answer.
//
// Ids: symbols 1 .. V-1, COMPRESS V, blank V+1 (0 pads). A target is its symbol's number from 0.
//
// Where this differs from the original:
// - It decodes all symbols from the one vector at COMPRESS by a network of its own that is told the
//   place. The harness has one kind of head, so decoding is a second half of the sequence. For a
//   model with a fixed state the demand is the same; attention may look back, and copies.
// - Its symbols end at length 31 by default (COMPRESS is the 32nd); the default here has 31 too.
// - It returns its inputs as targets, so that masking noise had no effect. There is no noise here.
// - It trains on 12,800 stored examples again and again; examples do not repeat here.
// The shallow baseline is the commonest symbol of the example: a bag of tokens, without order.
//
// Its harder levels: vocabulary 32, 64, 128; length 64, 128, 256 (here 126, 254, 510).

#include "longhaul/error.h"
#include "longhaul/parts/mad.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class Compression final : public Task {
 public:
  explicit Compression(Options& options)
      : length_(options.integer("length", 62, "tokens of an example; even, half of them symbols", 2,
                                1'000'000)),
        vocabulary_(static_cast<int32_t>(
            options.integer("vocabulary", 16, "symbols, COMPRESS among them", 3, 1'000'000))) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 2; }
  int64_t classes() const override { return vocabulary_ - 1; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    Example example;
    const int64_t count = length_ / 2;
    for (int32_t id : symbols::draw(rng, count, 1, vocabulary_ - 1))
      symbols::append(example, 1, id);
    symbols::append(example, 1, vocabulary_);
    symbols::append(example, count - 1, vocabulary_ + 1);
    for (int64_t i = 0; i < count; ++i) example.targets[count + i] = example.tokens[i] - 1;
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t) const override {
    return {.guess = symbols::most_frequent(example, length_ / 2, 1, vocabulary_ - 1) - 1};
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      if (id > vocabulary_) return std::string("_");
      return id == vocabulary_ ? std::string("C") : std::to_string(id - 1);
    };
    return symbols::rows(example, token, [](int32_t symbol) { return std::to_string(symbol); });
  }

 private:
  static std::string complaint(int64_t length) {
    if (length >= 2 && length % 2 == 0) return "";
    return text("found ", length, ", allowed: even numbers from 2 (an answer for each symbol)");
  }

  int64_t length_;
  int32_t vocabulary_;
};

}  // namespace

LONGHAUL_PLUGIN(compression) {
  registry.task<Compression>({.name = "compression",
                              .about = "a whole sequence again, from what a state holds of it",
                              .source = mad::kSource,
                              .published = mad::kPublished});
}

// Delayed copy: at every position the symbol `lag` positions before is to be answered (the copying
// problem with a lag of S4's code, Gu et al. 2022, arXiv:2111.00396).
//
//   length 8, symbols 4, lag 3
//   input   uniform symbols                    2 4 1 1 3 2 4 1
//   target  the input, lag positions late      . . . 1 3 0 0 2
//
// A model has to hold the last `lag` symbols at any time: lag times log2(symbols) bits.
//
// Ids: symbols from 1 (0 pads). A target is its symbol's number from 0.
//
// Where this differs from the original: it asks for a blank at the first `lag` positions, where
// there is nothing to answer; they are not scored. Its length is 4000 with lag 1000 for real-valued
// signals; the symbols are the 8 of its other copying problems.
// The shallow baseline is the commonest answer for the symbol at the position itself: a window of
// one, which knows nothing.

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class DelayedCopy final : public Task {
 public:
  explicit DelayedCopy(Options& options)
      : length_(options.integer("length", 4000, "tokens of an example", 2, 4'000'000)),
        symbols_(
            static_cast<int32_t>(options.integer("symbols", 8, "different symbols", 2, 1'000'000))),
        lag_(options.integer("lag", 1000, "positions between a symbol and its answer", 0,
                             4'000'000)) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return symbols_ + 1; }
  int64_t classes() const override { return symbols_; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    Example example;
    example.tokens = symbols::draw(rng, length_, 1, symbols_);
    example.targets.assign(length_, kIgnore);
    for (int64_t t = lag_; t < length_; ++t) example.targets[t] = example.tokens[t - lag_] - 1;
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
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
  std::string complaint(int64_t length) const {
    if (length > lag_) return "";
    return text("found ", length, ", allowed: more than the lag of ", lag_);
  }

  int64_t length_;
  int32_t symbols_;
  int64_t lag_;
};

}  // namespace

LONGHAUL_PLUGIN(delayed_copy) {
  registry.task<DelayedCopy>({.name = "delayed_copy",
                              .about = "at every position, the symbol a fixed lag before",
                              .source = "Gu et al. 2022 (S4), arXiv:2111.00396, its code",
                              .published = "none quoted"});
}

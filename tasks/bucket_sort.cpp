// Bucket sort (Deletang et al. 2023, arXiv:2207.02098, context-sensitive).
//
// The input's symbols in rising order.
//
//   421302214 -> 011222344
//   ids 5 3 2 4 1 3 3 2 5 6 6 6 6 6 6 6 6 6   targets . . . . . . . . . 0 1 1 2 2 2 3 4 4
//
// Ids: a token is its symbol plus 1, a slot `symbols` + 1.
//
// A symbol's place in the order tells much of it: the first slots are mostly 0, the last mostly
// the highest symbol, the more so the longer the input. The shallow baseline answers by that place
// alone.

#include <algorithm>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class BucketSort final : public FormalTask {
 public:
  explicit BucketSort(Options& options)
      : FormalTask(options), symbols_(options.integer("symbols", 5, "different symbols", 2, 10)) {}

  int version() const override { return 1; }

  Shallow shallow(const Example& example, int64_t t) const override {
    const auto length = static_cast<int64_t>(example.tokens.size()) / 2;
    const int64_t middle = 2 * (t - length) + 1;  // of the slot, in halves of a place
    return {.guess = static_cast<int32_t>(symbols_ * middle / (2 * length))};
  }

 protected:
  std::string symbols() const override { return digits(symbols_); }
  std::string answers() const override { return symbols(); }
  int64_t slots(int64_t length) const override { return length; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string input = random_string(rng, symbols(), length);
    std::string sorted = input;
    std::sort(sorted.begin(), sorted.end());
    return {input, sorted};
  }

 private:
  int64_t symbols_;
};

}  // namespace

LONGHAUL_PLUGIN(bucket_sort) {
  registry.task<BucketSort>({.name = "bucket_sort",
                             .about = "the input's symbols in rising order",
                             .source = "Deletang et al. 2023, arXiv:2207.02098, context-sensitive",
                             .published =
                                 "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                                 "Deletang et al. 2023, table 1: RNN 27.9, LSTM 99.3, Transformer "
                                 "91.9 (recalled, not checked against the paper)"});
}

// Even pairs (Deletang et al. 2023, arXiv:2207.02098, regular).
//
// Is the number of neighbours that differ, 01 or 10, even (class 0) or odd (class 1)?
//
//   001110 -> 0      two pairs differ
//   ids 1 1 2 2 2 1   target 0
//   0101001 -> 1     five do
//   ids 1 2 1 2 1 1 2   target 1
//
// Ids: a token is its symbol plus 1.
//
// The shortcut: the count is odd just if the first symbol is not the last. So the task asks for no
// counting at all: attention to two places, or one bit of memory, is enough. That rule is the
// shallow baseline, which is always right: a model that learns this task has shown no more.

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class EvenPairs final : public FormalTask {
 public:
  explicit EvenPairs(Options& options) : FormalTask(options) {}

  int version() const override { return 1; }

  Shallow shallow(const Example& example, int64_t) const override {
    return {.guess = example.tokens.front() != example.tokens.back() ? 1 : 0};
  }

 protected:
  std::string symbols() const override { return "01"; }
  std::string answers() const override { return "01"; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string input = random_string(rng, symbols(), length);
    bool odd = false;
    for (std::size_t i = 1; i < input.size(); ++i) odd ^= input[i] != input[i - 1];
    return {input, odd ? "1" : "0"};
  }
};

}  // namespace

LONGHAUL_PLUGIN(even_pairs) {
  registry.task<EvenPairs>({.name = "even_pairs",
                            .about = "is the number of unequal neighbours odd",
                            .source = "Deletang et al. 2023, arXiv:2207.02098, regular",
                            .published =
                                "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                                "Deletang et al. 2023, table 1: RNN 100.0, LSTM 100.0, Transformer "
                                "96.4 (recalled, not checked against the paper)"});
}

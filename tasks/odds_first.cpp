// Odds first (Deletang et al. 2023, arXiv:2207.02098, context-sensitive).
//
// Of an input x_0 x_1 x_2 ... first the symbols at odd places, x_1 x_3 ..., then those at even
// ones, x_0 x_2 ....
//
//   00110101 -> 01110100
//   ids 1 1 2 2 1 2 1 2 3 3 3 3 3 3 3 3   targets . . . . . . . . 0 1 1 1 0 1 0 0
//
// Ids: a token is its symbol plus 1, a slot `symbols` + 1.
//
// Where the original goes wrong: its text counts places from 1 and so has the other half first; its
// code, and so every published score, does as above. The code is followed.

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class OddsFirst final : public FormalTask {
 public:
  explicit OddsFirst(Options& options)
      : FormalTask(options), symbols_(options.integer("symbols", 2, "different symbols", 2, 10)) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return digits(symbols_); }
  std::string answers() const override { return symbols(); }
  int64_t slots(int64_t length) const override { return length; }

  Word draw_word(Rng& rng, int64_t length) const override {
    Word word{random_string(rng, symbols(), length), ""};
    for (int64_t first : {1, 0})
      for (int64_t i = first; i < length; i += 2) word.answer += word.input[i];
    return word;
  }

 private:
  int64_t symbols_;
};

}  // namespace

LONGHAUL_PLUGIN(odds_first) {
  registry.task<OddsFirst>(
      {.name = "odds_first",
       .about = "the symbols at odd places, then those at even ones",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-sensitive",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 51.0, LSTM 55.6, Transformer 52.8"});
}

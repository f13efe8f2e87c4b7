// Reverse string (Deletang et al. 2023, arXiv:2207.02098, deterministic context-free).
//
// The input backwards, written into as many empty slots.
//
//   0011 -> 1100
//   ids 1 1 2 2 3 3 3 3   targets . . . . 1 1 0 0
//
// Ids: a token is its symbol plus 1, a slot `symbols` + 1.
//
// The first slots are near what they ask for, the last ones far; the shallow baseline, a window of
// three symbols, has the first two.

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class ReverseString final : public FormalTask {
 public:
  explicit ReverseString(Options& options)
      : FormalTask(options), symbols_(options.integer("symbols", 2, "different symbols", 2, 10)) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return digits(symbols_); }
  std::string answers() const override { return symbols(); }
  int64_t slots(int64_t length) const override { return length; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string input = random_string(rng, symbols(), length);
    return {input, std::string(input.rbegin(), input.rend())};
  }

 private:
  int64_t symbols_;
};

}  // namespace

LONGHAUL_PLUGIN(reverse_string) {
  registry.task<ReverseString>(
      {.name = "reverse_string",
       .about = "the input backwards",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-free",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 62.0, LSTM 60.9, Transformer 62.3"});
}

// Duplicate string (Deletang et al. 2023, arXiv:2207.02098, context-sensitive).
//
// The input twice, written into twice as many empty slots.
//
//   0110 -> 01100110
//   ids 1 2 2 1 3 3 3 3 3 3 3 3   targets . . . . 0 1 1 0 0 1 1 0
//
// Every answer stands a fixed distance before its slot, the input's length or twice that. What
// makes it hard is that the distance changes from input to input and grows in the test.
//
// Ids: a token is its symbol plus 1, a slot `symbols` + 1.

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class DuplicateString final : public FormalTask {
 public:
  explicit DuplicateString(Options& options)
      : FormalTask(options), symbols_(options.integer("symbols", 2, "different symbols", 2, 10)) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return digits(symbols_); }
  std::string answers() const override { return symbols(); }
  int64_t slots(int64_t length) const override { return 2 * length; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string input = random_string(rng, symbols(), length);
    return {input, input + input};
  }

 private:
  int64_t symbols_;
};

}  // namespace

LONGHAUL_PLUGIN(duplicate_string) {
  registry.task<DuplicateString>(
      {.name = "duplicate_string",
       .about = "the input twice",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-sensitive",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 50.3, LSTM 57.6, Transformer 52.8"});
}

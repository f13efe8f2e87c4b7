// Missing duplicate string (Deletang et al. 2023, arXiv:2207.02098, context-sensitive).
//
// A string of bits twice, with one of all its symbols, at a uniform place, hidden by ?. Which bit
// is it? After the two copies an odd length has one blank, written _.
//
//   01100?10 -> 1      0110 twice
//   ids 1 2 2 1 1 3 2 1   target 1
//   1011?1_ -> 0       101 twice
//   ids 2 1 2 2 3 2 4   target 0
//
// Ids: 0 1, 1 2, ? 3, _ 4. The class is the bit.
//
// The shortcut: two copies hold an even number of 1s, so the hidden bit is the parity of those in
// sight. A model of one bit of state solves this task of a context-sensitive language: what it
// shows is what parity_check shows.
//
// The original has the input 1, answered by 1, at length 1, where there is no string to repeat.
// Here min_length is at least 2.

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class MissingDuplicateString final : public FormalTask {
 public:
  explicit MissingDuplicateString(Options& options) : FormalTask(options, {.shortest = 2}) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return "01?_"; }
  std::string answers() const override { return "01"; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string half = random_string(rng, "01", length / 2);
    std::string input = half + half;
    char& hidden = input[rng.below(static_cast<int64_t>(input.size()))];
    const std::string answer(1, hidden);
    hidden = '?';
    if (length % 2 != 0) input += '_';
    return {input, answer};
  }
};

}  // namespace

LONGHAUL_PLUGIN(missing_duplicate_string) {
  registry.task<MissingDuplicateString>(
      {.name = "missing_duplicate_string",
       .about = "the hidden bit of a string that stands there twice",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-sensitive",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 52.3, LSTM 54.3, Transformer 56.4 "
                    "(recalled, not checked against the paper)"});
}

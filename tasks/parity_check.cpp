// Parity check (Deletang et al. 2023, arXiv:2207.02098, regular).
//
// Is the number of 1s even (class 0) or odd (class 1)? One changed symbol changes the answer, so
// nothing local and no statistic of the input tells it; a state of one bit does.
//
//   11001 -> 1
//   ids 2 2 1 1 2   target 1
//
// Ids: a token is its symbol plus 1.

#include <algorithm>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class ParityCheck final : public FormalTask {
 public:
  explicit ParityCheck(Options& options) : FormalTask(options) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return "01"; }
  std::string answers() const override { return "01"; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string input = random_string(rng, symbols(), length);
    return {input, std::count(input.begin(), input.end(), '1') % 2 != 0 ? "1" : "0"};
  }
};

}  // namespace

LONGHAUL_PLUGIN(parity_check) {
  registry.task<ParityCheck>(
      {.name = "parity_check",
       .about = "is the number of ones odd",
       .source = "Deletang et al. 2023, arXiv:2207.02098, regular",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 100.0, LSTM 100.0, Transformer 52.0"});
}

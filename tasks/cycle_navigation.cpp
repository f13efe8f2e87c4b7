// Cycle navigation (Deletang et al. 2023, arXiv:2207.02098, regular).
//
// A walk on a circle of `cycle` places from place 0: back (-), stay (0) or on (+). Where does it
// end?
//
//   +-0-- -> 3       the place -2, which on a circle of 5 is 3
//   ids 3 1 2 1 1   target 3
//
// Ids: - 1, 0 2, + 3; the class is the place.

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class CycleNavigation final : public FormalTask {
 public:
  explicit CycleNavigation(Options& options)
      : FormalTask(options), cycle_(options.integer("cycle", 5, "places on the circle", 2, 10)) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return "-0+"; }
  std::string answers() const override { return digits(cycle_); }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string input = random_string(rng, symbols(), length);
    int64_t place = 0;
    for (char move : input) {
      if (move == '+') place = (place + 1) % cycle_;
      if (move == '-') place = (place + cycle_ - 1) % cycle_;
    }
    return {input, std::to_string(place)};
  }

 private:
  int64_t cycle_;
};

}  // namespace

LONGHAUL_PLUGIN(cycle_navigation) {
  registry.task<CycleNavigation>(
      {.name = "cycle_navigation",
       .about = "where a walk on a circle ends",
       .source = "Deletang et al. 2023, arXiv:2207.02098, regular",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 100.0, LSTM 100.0, Transformer 61.9 "
                    "(recalled, not checked against the paper)"});
}

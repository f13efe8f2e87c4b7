// Modular arithmetic (Deletang et al. 2023, arXiv:2207.02098, regular).
//
// The value, modulo `modulus`, of digits joined by + - *, where * binds tighter.
//
//   1+2*3 -> 2
//   ids 2 6 3 8 4   target 2
//   1-1-1 -> 4
//   ids 2 7 2 7 2   target 4
//
// Digits and operators are uniform. An expression has odd length: an even length is cut by one, so
// that 39 symbols are drawn for length 39 and for length 40.
//
// Ids: digit d is 1 + d, then + - *. The class is the value.
//
// Where the original goes wrong, and what is done here:
// - It multiplies without reducing, in 32 bits: a run of 16 factors or more, rare as it is, can
//   overflow and have a wrong target. Values are reduced at each step here.
// - It lists the operators by a generator that its first use exhausts; with another length there
//   are none left to draw from. Here there is nothing to exhaust.
// - Its vocabulary has a blank that never occurs in the data. It is left out.

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class ModularArithmetic final : public FormalTask {
 public:
  explicit ModularArithmetic(Options& options)
      : FormalTask(options), modulus_(options.integer("modulus", 5, "digits, and values", 2, 10)) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return digits(modulus_) + "+-*"; }
  std::string answers() const override { return digits(modulus_); }

  Word draw_word(Rng& rng, int64_t length) const override {
    std::string input = random_string(rng, digits(modulus_), 1);
    while (static_cast<int64_t>(input.size()) + 2 <= length) {
      input += random_string(rng, "+-*", 1);
      input += random_string(rng, digits(modulus_), 1);
    }
    return {input, std::to_string(value(input))};
  }

 private:
  // Left to right, with the finished terms and the one that a * may still change.
  int64_t value(const std::string& input) const {
    int64_t sum = 0, term = input[0] - '0';
    for (std::size_t i = 1; i < input.size(); i += 2) {
      const int64_t digit = input[i + 1] - '0';
      if (input[i] == '*') {
        term = term * digit % modulus_;
      } else {
        sum += term;
        term = input[i] == '+' ? digit : modulus_ - digit;
      }
    }
    return (sum + term) % modulus_;
  }

  int64_t modulus_;
};

}  // namespace

LONGHAUL_PLUGIN(modular_arithmetic) {
  registry.task<ModularArithmetic>(
      {.name = "modular_arithmetic",
       .about = "value of sums and products of digits modulo 5",
       .source = "Deletang et al. 2023, arXiv:2207.02098, regular",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 100.0, LSTM 100.0, Transformer 24.2"});
}

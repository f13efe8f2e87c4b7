// Modular arithmetic with brackets (Deletang et al. 2023, arXiv:2207.02098, deterministic
// context-free).
//
// The value, modulo `modulus`, of a bracketed expression. include/longhaul/parts/formal_brackets.h
// has the grammar.
//
//   (2-(-3)) -> 0
//   ids 9 3 7 9 7 4 10 10   target 0
//   (-3*2) -> 4
//   ids 9 7 4 8 3 10   target 4
//
// Ids: digit d is 1 + d, then + - * ( ). The class is the value. Without `multiplication` there is
// no *, and its id stays unused.
//
// Where the original goes wrong: its class leaves multiplication out unless told, its published
// runs have it; so has the default here.

#include "longhaul/parts/formal.h"
#include "longhaul/parts/formal_brackets.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class ModularArithmeticBrackets final : public FormalTask {
 public:
  explicit ModularArithmeticBrackets(Options& options)
      : FormalTask(options),
        modulus_(options.integer("modulus", 5, "digits, and values", 2, 10)),
        multiplication_(options.flag("multiplication", true, "has * beside + and -")) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return digits(modulus_) + "+-*()"; }
  std::string answers() const override { return digits(modulus_); }

  Word draw_word(Rng& rng, int64_t length) const override {
    const Brackets drawn = draw_brackets(rng, length, modulus_, multiplication_ ? "+-*" : "+-");
    return {drawn.text, std::to_string(drawn.value)};
  }

 private:
  int64_t modulus_;
  bool multiplication_;
};

}  // namespace

LONGHAUL_PLUGIN(modular_arithmetic_brackets) {
  registry.task<ModularArithmeticBrackets>(
      {.name = "modular_arithmetic_brackets",
       .about = "value of a bracketed expression modulo 5",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-free",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 41.3, LSTM 59.2, Transformer 32.5 "
                    "(recalled, not checked against the paper)"});
}

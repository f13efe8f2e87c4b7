// Arithmetic in prefix notation: Mano, knowledge manipulation (Allen-Zhu 2025, "Physics of Language
// Models: Part 4.1", arXiv:2512.17351).
//
// The value, modulo `modulus`, of an expression of + - * in which each operator stands before its
// two operands. There are no brackets: the order of the symbols says what belongs together. A model
// has to know the tables of the three operations by heart, since no step is written down.
//
//   +*234 -> a
//   ids 24 26 3 4 5   target 10
//   -5*2k -> b
//   ids 25 6 26 3 21   target 11
//
// An expression of n operators has length 2n + 1: an even length is cut by one. Operators and
// digits are uniform; of the operators after the first, a uniform number belongs to the left
// operand.
//
// Ids: digits 0 .. 9 a .. z from 1, then + - *. The class is the value.
//
// The original has modulus 23 and draws 1 .. L operators, L 10, 13 or 16: max_length 21, 27 or 33.
// It trains on the whole text and writes the number of operators in front; here only the value is
// asked for, and a model sees the length. The original tests with L operators: longhaul eval --set
// min_length=21.

#include <string>
#include <vector>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

const std::string kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

class ModularPrefix final : public FormalTask {
 public:
  explicit ModularPrefix(Options& options)
      : FormalTask(options, {.shortest = 3}),
        modulus_(options.integer("modulus", 23, "digits, and values", 2,
                                 static_cast<int64_t>(kDigits.size()))) {}

  int version() const override { return 1; }

 protected:
  std::string symbols() const override { return answers() + "+-*"; }
  std::string answers() const override { return kDigits.substr(0, modulus_); }

  Word draw_word(Rng& rng, int64_t length) const override {
    std::string input;
    append_expression(rng, (length - 1) / 2, input);
    return {input, kDigits.substr(value(input), 1)};
  }

 private:
  void append_expression(Rng& rng, int64_t operators, std::string& input) const {
    if (operators == 0) {
      input += random_string(rng, answers(), 1);
      return;
    }
    input += random_string(rng, "+-*", 1);
    const int64_t left = rng.below(operators);
    append_expression(rng, left, input);
    append_expression(rng, operators - 1 - left, input);
  }

  // From the right: an operator finds its operands on top of the stack, the left one uppermost.
  int64_t value(const std::string& input) const {
    std::vector<int64_t> stack;
    for (auto symbol = input.rbegin(); symbol != input.rend(); ++symbol) {
      const std::size_t digit = kDigits.find(*symbol);
      if (digit != std::string::npos) {
        stack.push_back(static_cast<int64_t>(digit));
        continue;
      }
      const int64_t left = stack.back();
      stack.pop_back();
      int64_t& right = stack.back();
      right = *symbol == '*' ? left * right : *symbol == '+' ? left + right : left - right;
      right = (right + modulus_) % modulus_;
    }
    return stack.back();
  }

  int64_t modulus_;
};

}  // namespace

LONGHAUL_PLUGIN(modular_prefix) {
  registry.task<ModularPrefix>(
      {.name = "modular_prefix",
       .about = "value of an expression in prefix notation modulo 23",
       .source = "Allen-Zhu 2025, arXiv:2512.17351, Mano",
       .published = "none quoted: its figures are plots of models of another size"});
}

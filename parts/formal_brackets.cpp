#include "longhaul/parts/formal_brackets.h"

#include "longhaul/parts/formal.h"

namespace longhaul {
namespace {

Brackets draw_digit(Rng& rng, int64_t length, int64_t modulus) {
  const int64_t digit = rng.below(modulus);
  const bool minus = length == 2 || length == 4;
  const std::string text = (minus ? "-" : "") + std::to_string(digit);
  return {length > 2 ? "(" + text + ")" : text, minus ? (modulus - digit) % modulus : digit};
}

int64_t apply(char operation, int64_t left, int64_t right, int64_t modulus) {
  switch (operation) {
    case '+':
      return (left + right) % modulus;
    case '-':
      return (left + modulus - right) % modulus;
    default:
      return left * right % modulus;
  }
}

}  // namespace

Brackets draw_brackets(Rng& rng, int64_t length, int64_t modulus, const std::string& operators) {
  if (length < 5) return draw_digit(rng, length, modulus);
  const int64_t left_length = rng.between(1, length - 4);
  const Brackets left = draw_brackets(rng, left_length, modulus, operators);
  const Brackets right = draw_brackets(rng, length - 3 - left_length, modulus, operators);
  const std::string operation = random_string(rng, operators, 1);
  return {"(" + left.text + operation + right.text + ")",
          apply(operation[0], left.value, right.value, modulus)};
}

}  // namespace longhaul

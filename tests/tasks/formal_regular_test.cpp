#include <algorithm>

#include "tests/helpers/catch.h"
#include "tests/tasks/formal_words.h"

using namespace longhaul;

namespace {

std::string even_pairs(const std::string& input) {
  return input.front() == input.back() ? "0" : "1";
}

std::string parity_check(const std::string& input) {
  std::string ones = input;
  ones.erase(std::remove(ones.begin(), ones.end(), '0'), ones.end());
  return ones.size() % 2 == 0 ? "0" : "1";
}

Rule cycle_navigation(int64_t cycle) {
  return [cycle](const std::string& input) {
    const int64_t place =
        std::count(input.begin(), input.end(), '+') - std::count(input.begin(), input.end(), '-');
    return std::to_string((place % cycle + cycle) % cycle);
  };
}

// Splits at the last + or -, then at the last *; without a modulus until the end.
int64_t value(const std::string& expression) {
  std::size_t at = expression.find_last_of("+-");
  if (at == std::string::npos) at = expression.rfind('*');
  if (at == std::string::npos) {
    REQUIRE(expression.size() == 1);
    return expression[0] - '0';
  }
  const int64_t left = value(expression.substr(0, at)), right = value(expression.substr(at + 1));
  if (expression[at] == '*') return left * right;
  return expression[at] == '+' ? left + right : left - right;
}

Rule modular_arithmetic(int64_t modulus) {
  return [modulus](const std::string& input) {
    return std::to_string((value(input) % modulus + modulus) % modulus);
  };
}

}  // namespace

TEST_CASE("even_pairs: the answer is whether the ends differ", "[tasks][formal]") {
  check_worked_examples("even_pairs", 2, even_pairs);
  check_drawn_examples("even_pairs", {}, 500, even_pairs);
}

TEST_CASE("even_pairs: the shallow baseline gives the shortcut away", "[tasks][formal]") {
  CHECK(shallow_accuracy("even_pairs") == 1);
}

TEST_CASE("parity_check: the answer is the parity of the ones", "[tasks][formal]") {
  check_worked_examples("parity_check", 1, parity_check);
  check_drawn_examples("parity_check", {}, 500, parity_check);
}

TEST_CASE("parity_check: a window tells nothing", "[tasks][formal]") {
  const OptionMap longer = {{"min_length", int64_t{8}}};
  CHECK(shallow_accuracy("parity_check", longer) == Approx(.5).margin(4 * .016));
}

TEST_CASE("cycle_navigation: the answer is steps on less steps back", "[tasks][formal]") {
  check_worked_examples("cycle_navigation", 1, cycle_navigation(5));
  check_drawn_examples("cycle_navigation", {}, 500, cycle_navigation(5));
  check_drawn_examples("cycle_navigation", {{"cycle", int64_t{10}}}, 200, cycle_navigation(10));
}

TEST_CASE("modular_arithmetic: the answer is the value", "[tasks][formal]") {
  check_worked_examples("modular_arithmetic", 2, modular_arithmetic(5));
  check_drawn_examples("modular_arithmetic", {}, 500, modular_arithmetic(5));
  check_drawn_examples("modular_arithmetic", {{"modulus", int64_t{7}}, {"max_length", int64_t{39}}},
                       200, modular_arithmetic(7));
}

#include <algorithm>
#include <sstream>

#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/tasks/formal_words.h"

using namespace longhaul;

namespace {

// Reads one operand after another, from a string with brackets around each operation.
class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}

  int64_t whole() {
    const int64_t result = operand();
    REQUIRE(at_ == text_.size());
    return result;
  }

 private:
  int64_t operand() {
    if (take('-')) return -digit();
    if (!take('(')) return digit();
    int64_t result = operand();
    if (take('+'))
      result += operand();
    else if (take('*'))
      result *= operand();
    else if (take('-'))
      result -= operand();
    REQUIRE(take(')'));
    return result;
  }
  int64_t digit() {
    REQUIRE(at_ < text_.size());
    REQUIRE((text_[at_] >= '0' && text_[at_] <= '9'));
    return text_[at_++] - '0';
  }
  bool take(char symbol) {
    if (at_ == text_.size() || text_[at_] != symbol) return false;
    ++at_;
    return true;
  }

  std::string text_;
  std::size_t at_ = 0;
};

Rule brackets(int64_t modulus) {
  return [modulus](const std::string& input) {
    return std::to_string((Reader(input).whole() % modulus + modulus) % modulus);
  };
}

// Every digit is tried, and just one must do.
Rule equation(int64_t modulus) {
  return [modulus](const std::string& input) {
    const std::size_t equals = input.find('='), x = input.find('x');
    REQUIRE(equals == input.size() - 2);
    REQUIRE(x < equals);
    std::string answer;
    for (char digit = '0'; digit < '0' + modulus; ++digit) {
      std::string side = input.substr(0, equals);
      side[x] = digit;
      if (brackets(modulus)(side) == input.substr(equals + 1)) answer += digit;
    }
    REQUIRE(answer.size() == 1);
    return answer;
  };
}

std::string reversed(const std::string& input) {
  std::string answer;
  for (char symbol : input) answer.insert(answer.begin(), symbol);
  return answer;
}

// From the last action back: a pop hides the next bit that is met.
std::string stack(const std::string& input) {
  std::istringstream in(input);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  int hidden = 0;
  std::string answer;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (*word == "POP")
      ++hidden;
    else if (hidden > 0)
      --hidden;
    else
      answer += word->substr(word->size() - 1) + " ";
  }
  return answer + ".";
}

}  // namespace

TEST_CASE("modular_arithmetic_brackets: the answer is the value", "[tasks][formal]") {
  const std::string name = "modular_arithmetic_brackets";
  check_worked_examples(name, 2, brackets(5));
  check_drawn_examples(name, {}, 500, brackets(5));
  check_drawn_examples(name, {{"modulus", int64_t{2}}}, 200, brackets(2));
}

TEST_CASE("modular_arithmetic_brackets: without multiplication there is no product",
          "[tasks][formal]") {
  for (bool multiplication : {false, true}) {
    const auto task =
        make_task("modular_arithmetic_brackets", {{"multiplication", multiplication}});
    std::string seen;
    for (int i = 0; i < 100; ++i) {
      Rng rng(5, "brackets", i);
      seen += shown_word(*task, task->draw(rng)).input;
    }
    CHECK((seen.find('*') != std::string::npos) == multiplication);
    for (char symbol : {'+', '-', '(', ')', '0', '4'})
      CHECK(seen.find(symbol) != std::string::npos);
  }
}

TEST_CASE("solve_equation: one digit solves the equation, and is the answer", "[tasks][formal]") {
  check_worked_examples("solve_equation", 1, equation(5));
  check_drawn_examples("solve_equation", {}, 500, equation(5));
  check_drawn_examples("solve_equation", {{"modulus", int64_t{6}}}, 200, equation(6));
}

TEST_CASE("solve_equation: the shallow baseline solves what has fewer than seven symbols",
          "[tasks][formal]") {
  const auto task =
      make_task("solve_equation", {{"min_length", int64_t{3}}, {"max_length", int64_t{10}}});
  int solved = 0;
  for (int i = 0; i < 500; ++i) {
    Rng rng(9, "equation", i);
    const Example example = task->draw(rng);
    const int32_t guess = task->shallow(example, 0).guess;
    REQUIRE(guess == (example.tokens.size() < 7 ? example.targets[0] : kIgnore));
    solved += guess != kIgnore;
  }
  CHECK(solved > 150);
}

TEST_CASE("reverse_string: the answer is the input backwards", "[tasks][formal]") {
  check_worked_examples("reverse_string", 1, reversed);
  check_drawn_examples("reverse_string", {}, 300, reversed);
  check_drawn_examples("reverse_string", {{"symbols", int64_t{10}}}, 100, reversed);
}

TEST_CASE("reverse_string: the shallow window has the first two answers", "[tasks][formal]") {
  const OptionMap ten = {{"min_length", int64_t{10}}, {"max_length", int64_t{10}}};
  CHECK(shallow_accuracy("reverse_string", ten) == Approx(.2 + .8 * .5).margin(.02));
}

TEST_CASE("stack_manipulation: the answer is what no later pop removes", "[tasks][formal]") {
  check_worked_examples("stack_manipulation", 2, stack);
  check_drawn_examples("stack_manipulation", {}, 1000, stack);
}

TEST_CASE("stack_manipulation: the stack that is given has 1 .. n - 1 bits, pops may empty it",
          "[tasks][formal]") {
  const auto task =
      make_task("stack_manipulation", {{"min_length", int64_t{8}}, {"max_length", int64_t{8}}});
  int heights[8] = {}, empty = 0;
  const int n = 7000;
  for (int i = 0; i < n; ++i) {
    Rng rng(6, "stack", i);
    const Example example = task->draw(rng);
    const auto action = std::find_if(example.tokens.begin(), example.tokens.end(),
                                     [](int32_t token) { return token >= 3; });
    ++heights[std::min<int64_t>(action - example.tokens.begin(), 7)];
    empty += example.targets[8] == 2;
  }
  CHECK(heights[0] == 0);
  for (int height = 1; height <= 7; ++height)
    CHECK(std::abs(heights[height] - n / 7) < 4 * std::sqrt(n / 7.0));
  CHECK(empty > n / 50);
}

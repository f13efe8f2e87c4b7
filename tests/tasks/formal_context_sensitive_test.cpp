#include <algorithm>

#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/tasks/formal_words.h"

using namespace longhaul;

namespace {

const OptionMap kLong = {{"min_length", int64_t{201}}, {"max_length", int64_t{301}}};

std::string duplicate(const std::string& input) {
  std::string answer;
  for (std::size_t i = 0; i < 2 * input.size(); ++i) answer += input[i % input.size()];
  return answer;
}

// Both bits are tried, and just one must make the halves equal.
std::string missing(std::string input) {
  if (input.size() % 2 != 0) {
    REQUIRE(input.back() == '_');
    input.pop_back();
  }
  REQUIRE(std::count(input.begin(), input.end(), '?') == 1);
  std::string answer;
  for (char bit : {'0', '1'}) {
    std::string whole = input;
    std::replace(whole.begin(), whole.end(), '?', bit);
    if (whole.substr(0, whole.size() / 2) == whole.substr(whole.size() / 2)) answer += bit;
  }
  return answer;
}

std::string odds_first(const std::string& input) {
  const std::size_t odds = input.size() / 2;
  std::string answer = input;
  for (std::size_t i = 0; i < input.size(); ++i)
    answer[i % 2 == 1 ? i / 2 : odds + i / 2] = input[i];
  return answer;
}

std::string sorted(const std::string& input) {
  std::string answer;
  for (char symbol = '0'; symbol <= '9'; ++symbol)
    answer += std::string(std::count(input.begin(), input.end(), symbol), symbol);
  return answer;
}

// Numbers of up to 63 bits, lowest bit first.
uint64_t number(const std::string& bits) {
  uint64_t value = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) value += uint64_t{bits[i] == '1'} << i;
  return value;
}

std::string bits_of(uint64_t value) {
  std::string bits;
  for (; value > 0; value /= 2) bits += value % 2 == 0 ? '0' : '1';
  return bits;
}

// For longer numbers, which are compared by their remainders: two numbers that differ leave the
// same ones modulo all these primes with a probability of about 1e-27.
constexpr uint64_t kPrimes[] = {1'000'000'007, 998'244'353, 1'000'000'009};

uint64_t remainder(const std::string& bits, uint64_t prime) {
  uint64_t value = 0;
  for (auto bit = bits.rbegin(); bit != bits.rend(); ++bit)
    value = (2 * value + (*bit == '1' ? 1 : 0)) % prime;
  return value;
}

std::string operation(const std::string& input) {
  const std::size_t at = input.find_first_of("+*");
  const uint64_t left = number(input.substr(0, at)), right = number(input.substr(at + 1));
  REQUIRE((left > 0 && right > 0));
  return bits_of(input[at] == '+' ? left + right : left * right) + ".";
}

void check_long_operations(const std::string& name) {
  const auto task = make_task(name, kLong);
  for (int i = 0; i < 100; ++i) {
    Rng rng(7, name, i);
    const auto [input, answer] = shown_word(*task, task->draw(rng));
    const std::size_t at = input.find_first_of("+*");
    REQUIRE(answer.substr(answer.size() - 2) == "1.");
    for (uint64_t prime : kPrimes) {
      const uint64_t left = remainder(input.substr(0, at), prime),
                     right = remainder(input.substr(at + 1), prime);
      REQUIRE(remainder(answer.substr(0, answer.size() - 1), prime) ==
              (input[at] == '+' ? left + right : left * right) % prime);
    }
  }
}

// Highest bit first; by trying, one bit after another, what the largest root is.
std::string root(const std::string& input) {
  const uint64_t square = number({input.rbegin(), input.rend()});
  uint64_t root = 0;
  for (uint64_t bit = uint64_t{1} << 30; bit > 0; bit /= 2)
    if ((root + bit) * (root + bit) <= square) root += bit;
  std::string bits = bits_of(root);
  bits.resize((input.size() + 1) / 2, '0');
  return {bits.rbegin(), bits.rend()};
}

}  // namespace

TEST_CASE("duplicate_string: the answer is the input twice", "[tasks][formal]") {
  check_worked_examples("duplicate_string", 1, duplicate);
  check_drawn_examples("duplicate_string", {}, 300, duplicate);
}

TEST_CASE("missing_duplicate_string: the answer makes the halves equal", "[tasks][formal]") {
  check_worked_examples("missing_duplicate_string", 2, missing);
  check_drawn_examples("missing_duplicate_string", {}, 500, missing);
}

TEST_CASE("missing_duplicate_string: the parity of the ones in sight is the answer",
          "[tasks][formal]") {
  check_drawn_examples("missing_duplicate_string", {}, 500, [](const std::string& input) {
    return std::to_string(std::count(input.begin(), input.end(), '1') % 2);
  });
}

TEST_CASE("odds_first: the answer has odd places before even ones", "[tasks][formal]") {
  check_worked_examples("odds_first", 1, odds_first);
  check_drawn_examples("odds_first", {}, 300, odds_first);
}

TEST_CASE("bucket_sort: the answer has as many of each symbol, in order", "[tasks][formal]") {
  check_worked_examples("bucket_sort", 1, sorted);
  check_drawn_examples("bucket_sort", {}, 300, sorted);
  check_drawn_examples("bucket_sort", {{"symbols", int64_t{10}}}, 100, sorted);
}

TEST_CASE("bucket_sort: the shallow baseline is better the longer the input", "[tasks][formal]") {
  const double at_short = shallow_accuracy("bucket_sort"),
               at_long = shallow_accuracy("bucket_sort", kLong);
  CHECK(at_short > .5);
  CHECK(at_long > at_short + .1);
}

TEST_CASE("binary_addition: the answer is the sum", "[tasks][formal]") {
  check_worked_examples("binary_addition", 1, operation);
  check_drawn_examples("binary_addition", {}, 500, operation);
  check_long_operations("binary_addition");
}

TEST_CASE("binary_multiplication: the answer is the product", "[tasks][formal]") {
  check_worked_examples("binary_multiplication", 1, operation);
  check_drawn_examples("binary_multiplication", {}, 500, operation);
  check_long_operations("binary_multiplication");
}

TEST_CASE("compute_sqrt: the answer is the root, rounded down", "[tasks][formal]") {
  check_worked_examples("compute_sqrt", 2, root);
  check_drawn_examples("compute_sqrt", {}, 500, root);
  check_drawn_examples("compute_sqrt", {{"min_length", int64_t{50}}, {"max_length", int64_t{60}}},
                       200, root);
}

TEST_CASE("compute_sqrt: a shorter number has the first bits of the root", "[tasks][formal]") {
  // floor(sqrt(x / 4^k)) = floor(floor(sqrt(x)) / 2^k): the first 60 bits fix the first 30.
  const auto task = make_task("compute_sqrt", kLong);
  for (int i = 0; i < 20; ++i) {
    Rng rng(8, "compute_sqrt", i);
    const auto [input, answer] = shown_word(*task, task->draw(rng));
    const std::size_t shown = 60 - input.size() % 2;
    REQUIRE(answer.substr(0, 30) == root(input.substr(0, shown)));
  }
}

TEST_CASE("binary tasks: shallow baselines are above chance and far from right",
          "[tasks][formal]") {
  for (const std::string name : {"binary_addition", "binary_multiplication", "compute_sqrt"}) {
    INFO(name);
    const double shallow = shallow_accuracy(name);
    CHECK(shallow > .5);
    CHECK(shallow < .85);
  }
}

// Binary addition (Deletang et al. 2023, arXiv:2207.02098, context-sensitive).
//
// The sum of two numbers in binary, lowest bit first. A dot ends the answer, which has no leading
// zeros; slots after it are not scored.
//
//   001+01101 -> 01011.      4 + 22 = 26
//   ids 1 1 2 3 1 2 2 1 2 4 4 4 4 4 4 4 4 4 4   targets . . . . . . . . . 0 1 0 1 1 2 . . . .
//
// Of length n, uniform on 1 .. n - 2 are the first number; each is uniform on 1 .. 2^bits - 1, so
// it may have leading zeros. There are n + 1 slots, one more than can be needed, as published.
//
// Ids: 0 1, 1 2, + 3, slot 4. Classes: 0, 1 and the dot 2.
//
// The original trains on the slots after the dot, to be answered by 0, and leaves them out of its
// accuracy. Here they count for neither. Below length 3 it has one number to be repeated, and never
// the largest. That is no sum, so min_length is at least 3.
//
// The shallow baseline adds each pair of bits and never carries; the dot follows the longer number.

#include <algorithm>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class BinaryAddition final : public FormalTask {
 public:
  explicit BinaryAddition(Options& options) : FormalTask(options, {.shortest = 3}) {}

  int version() const override { return 1; }

  Shallow shallow(const Example& example, int64_t t) const override {
    const auto& tokens = example.tokens;
    const int64_t length = (static_cast<int64_t>(tokens.size()) - 1) / 2;
    const int64_t plus = std::find(tokens.begin(), tokens.end(), kPlus) - tokens.begin();
    const int64_t slot = t - length, other = plus + 1 + slot;
    if (slot >= plus && other >= length) return {.guess = kDot};
    const int32_t left = slot < plus ? tokens[slot] - 1 : 0;
    const int32_t right = other < length ? tokens[other] - 1 : 0;
    return {.guess = left ^ right};
  }

 protected:
  std::string symbols() const override { return "01+"; }
  std::string answers() const override { return "01."; }
  int64_t slots(int64_t length) const override { return length + 1; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const int64_t bits = rng.between(1, length - 2);
    const std::string left = random_number(rng, bits);
    const std::string right = random_number(rng, length - 1 - bits);
    return {left + "+" + right, sum(left, right) + "."};
  }

 private:
  static constexpr int32_t kPlus = 3;  // token
  static constexpr int32_t kDot = 2;   // class

  // Lowest bit first, without leading zeros.
  static std::string sum(const std::string& left, const std::string& right) {
    std::string bits;
    int carry = 0;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()) || carry > 0; ++i) {
      if (i < left.size()) carry += left[i] - '0';
      if (i < right.size()) carry += right[i] - '0';
      bits += carry % 2 != 0 ? '1' : '0';
      carry /= 2;
    }
    bits.resize(bits.find_last_of('1') + 1);
    return bits;
  }
};

}  // namespace

LONGHAUL_PLUGIN(binary_addition) {
  registry.task<BinaryAddition>(
      {.name = "binary_addition",
       .about = "sum of two binary numbers, lowest bit first",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-sensitive",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 50.3, LSTM 55.5, Transformer 54.3 "
                    "(recalled, not checked against the paper)"});
}

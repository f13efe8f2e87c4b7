// Binary multiplication (Deletang et al. 2023, arXiv:2207.02098, context-sensitive).
//
// The product of two numbers in binary, lowest bit first. A dot ends the answer, which has no
// leading zeros; slots after it are not scored.
//
//   001*01101 -> 0001101.      4 * 22 = 88
//   ids 1 1 2 3 1 2 2 1 2 4 4 4 4 4 4 4 4 4   targets . . . . . . . . . 0 0 0 1 1 0 1 2 .
//
// Of length n, uniform on 1 .. n - 2 are the first number; each is uniform on 1 .. 2^bits - 1, so
// it may have leading zeros. The product and the dot fit into n slots.
//
// Ids: 0 1, 1 2, * 3, slot 4. Classes: 0, 1 and the dot 2.
//
// The original trains on the slots after the dot, to be answered by 0, and leaves them out of its
// accuracy. Here they count for neither. Below length 3 it has random bits, to be answered by
// zeros. That is no product, so min_length is at least 3.
//
// The shallow baseline knows how many slots are left and the lowest bits of both numbers, whose
// product is the first slot: enough for the first answer, and to guess where the dot is.

#include <algorithm>
#include <vector>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class BinaryMultiplication final : public FormalTask {
 public:
  explicit BinaryMultiplication(Options& options)
      : FormalTask(options, {.shortest = 3, .longest = 10'000}) {}

  int version() const override { return 1; }

  Shallow shallow(const Example& example, int64_t t) const override {
    const auto& tokens = example.tokens;
    const auto end = static_cast<int64_t>(tokens.size());
    if (2 * t > end) return {.key = std::min<int64_t>(end - t, 6)};
    const int64_t times = std::find(tokens.begin(), tokens.end(), kTimes) - tokens.begin();
    return {.key = 100 + (tokens.front() - 1) * (tokens[times + 1] - 1)};
  }

 protected:
  std::string symbols() const override { return "01*"; }
  std::string answers() const override { return "01."; }
  int64_t slots(int64_t length) const override { return length; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const int64_t bits = rng.between(1, length - 2);
    const std::string left = random_number(rng, bits);
    const std::string right = random_number(rng, length - 1 - bits);
    return {left + "*" + right, product(left, right) + "."};
  }

 private:
  static constexpr int32_t kTimes = 3;  // token

  // Lowest bit first, without leading zeros: all columns of long multiplication, then the carries.
  static std::string product(const std::string& left, const std::string& right) {
    std::vector<int32_t> columns(left.size() + right.size());
    for (std::size_t i = 0; i < left.size(); ++i)
      if (left[i] == '1')
        for (std::size_t j = 0; j < right.size(); ++j) columns[i + j] += right[j] - '0';
    std::string bits;
    int32_t carry = 0;
    for (int32_t column : columns) {
      carry += column;
      bits += carry % 2 != 0 ? '1' : '0';
      carry /= 2;
    }
    bits.resize(bits.find_last_of('1') + 1);
    return bits;
  }
};

}  // namespace

LONGHAUL_PLUGIN(binary_multiplication) {
  registry.task<BinaryMultiplication>(
      {.name = "binary_multiplication",
       .about = "product of two binary numbers, lowest bit first",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-sensitive",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 50.0, LSTM 53.1, Transformer 52.2 "
                    "(recalled, not checked against the paper)"});
}

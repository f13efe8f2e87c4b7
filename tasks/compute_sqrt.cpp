// Compute sqrt (Deletang et al. 2023, arXiv:2207.02098, context-sensitive).
//
// The square root of a number, rounded down, both in binary with the highest bit first.
//
//   100101 -> 110      37, root 6
//   ids 2 1 1 2 1 2 3 3 3   targets . . . . . . 1 1 0
//   111 -> 10          7, root 2
//   ids 2 2 2 3 3   targets . . . 1 0
//
// A number of n bits is uniform on 1 .. 2^n - 1, so it may have leading zeros; its root is written
// with (n + 1) / 2 bits, rounded down, and so may it.
//
// Ids: 0 1, 1 2, slot 3. The class is the bit.
//
// Where the original goes wrong: its text answers 37 by 101, which is 5. Its code gives 110.
//
// The shallow baseline reads the highest three or four bits, which fix the first two of the root.

#include <algorithm>
#include <vector>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// Digit by digit. Bit b is tried from the highest down and kept while `rest`, the number less the
// square so far, stays above 0:
//   (root + 2^b)^2 - root^2 = 2^(b+1) root + 2^(2b)
std::string root_of(const std::string& number) {
  const auto bits = static_cast<int64_t>(number.size() + 1) / 2;
  std::vector<int> rest(number.rbegin(), number.rend());  // lowest bit first, as all here
  for (int& bit : rest) bit -= '0';
  rest.resize(2 * bits);
  std::vector<int> root(bits);
  for (int64_t b = bits - 1; b >= 0; --b) {
    std::vector<int> step(2 * bits);
    step[2 * b] = 1;
    for (int64_t i = b + 1; i < bits; ++i) step[i + b + 1] = root[i];
    if (std::lexicographical_compare(rest.rbegin(), rest.rend(), step.rbegin(), step.rend()))
      continue;
    root[b] = 1;
    int borrow = 0;
    for (int64_t i = 0; i < 2 * bits; ++i) {
      const int difference = rest[i] - step[i] - borrow;
      rest[i] = difference & 1;
      borrow = difference < 0 ? 1 : 0;
    }
  }
  std::string written;
  for (int64_t b = bits - 1; b >= 0; --b) written += root[b] == 1 ? '1' : '0';
  return written;
}

class ComputeSqrt final : public FormalTask {
 public:
  explicit ComputeSqrt(Options& options) : FormalTask(options, {.longest = 10'000}) {}

  int version() const override { return 1; }

  Shallow shallow(const Example& example, int64_t t) const override {
    const auto& tokens = example.tokens;
    const int64_t length = std::find(tokens.begin(), tokens.end(), kSlot) - tokens.begin();
    const int64_t shown = std::min<int64_t>(length, length % 2 != 0 ? 3 : 4);
    int64_t key = 3 * shown + std::min<int64_t>(t - length, 2);
    for (int64_t i = 0; i < shown; ++i) key = key * 4 + tokens[i];
    return {.key = key};
  }

 protected:
  std::string symbols() const override { return "01"; }
  std::string answers() const override { return "01"; }
  int64_t slots(int64_t length) const override { return (length + 1) / 2; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const std::string number = random_number(rng, length);
    return {number, root_of(number)};
  }

 private:
  static constexpr int32_t kSlot = 3;  // token
};

}  // namespace

LONGHAUL_PLUGIN(compute_sqrt) {
  registry.task<ComputeSqrt>({.name = "compute_sqrt",
                              .about = "square root of a binary number, rounded down",
                              .source = "Deletang et al. 2023, arXiv:2207.02098, context-sensitive",
                              .published =
                                  "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                                  "Deletang et al. 2023, table 1: RNN 54.3, LSTM 57.5, Transformer "
                                  "52.4 (recalled, not checked against the paper)"});
}

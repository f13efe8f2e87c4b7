// The flip-flop language (Liu et al. 2023, "Exposing Attention Glitches with Flip-Flop Language
// Modeling", arXiv:2306.00946).
//
// Instructions, each followed by a bit: "write" stores it, "ignore" does nothing, "read" is
// followed by the bit that was stored last. At a read that bit is to be answered. One bit of memory
// is enough; what is hard is to be never wrong, however long ago it was written.
//
//   length 10
//   text    w 1, i 0, r 1, i 0, r 1
//   input   ids                                1 5 3 4 2 5 3 4 2 5
//   target  the bit stored last                . . . . 1 . . . 1 .
//
// The first instruction writes, the last reads. Those between ignore with probability `ignore`; the
// rest is shared by write and read. Bits that are written or ignored are uniform.
//
// test_set says how often, for training as for testing:
//   ordinary   with probability `ignore`
//   sparse     0.98: the bit was written long ago
//   dense      0.1: it changes all the time
// Train on the ordinary one, test on all: evaluate: {test_sets: [ordinary, sparse, dense]}.
//
// Ids: write 1, read 2, ignore 3, bit 0 4, bit 1 5 (0 pads). A target is the bit. The bit of a read
// follows in the input: only a causal model is put to the test. The shallow baseline is the latest
// bit, whatever its instruction.
//
// The original has length 512 and ignore 0.8, and trains on every token; here, as in its tests,
// only reads are scored. Its sparse and dense sets have 0.98 and 0.1 (so Yang et al. 2025, "PaTH
// Attention", arXiv:2505.16381, section 4.1).

#include <string>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class FlipFlop final : public Task {
 public:
  explicit FlipFlop(Options& options)
      : length_(options.integer("length", 512, "tokens of an example; even", kShortest, 4'000'000)),
        ignore_(options.number("ignore", 0.8, "probability that an instruction ignores", 0, 1)) {
    const std::string test_set =
        options.choice("test_set", "ordinary", {"ordinary", "sparse", "dense"},
                       "how often to ignore: as the option says, 0.98, or 0.1");
    if (test_set == "sparse") ignore_ = 0.98;
    if (test_set == "dense") ignore_ = 0.1;
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return kBit + 2; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    Example example;
    int32_t stored = 0;
    for (int64_t left = length_ / 2; left > 0; --left) {
      const int32_t drawn = draw_instruction(rng);
      const int32_t instruction = left == length_ / 2 ? kWrite : left == 1 ? kRead : drawn;
      const auto bit = static_cast<int32_t>(rng.below(2));
      symbols::append(example, 1, instruction);
      if (instruction == kRead) {
        symbols::append_answer(example, stored, kBit + stored);
      } else {
        if (instruction == kWrite) stored = bit;
        symbols::append(example, 1, kBit + bit);
      }
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    return {.guess = example.tokens[t - 1] - kBit};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    for (std::size_t t = 0; t < example.tokens.size(); t += 2)
      shown += text(t == 0 ? "" : " ", "wri"[example.tokens[t] - 1], example.tokens[t + 1] - kBit);
    return shown + '\n';
  }

 private:
  static constexpr int32_t kWrite = 1, kRead = 2, kIgnored = 3, kBit = 4;
  static constexpr int64_t kShortest = 4;

  static std::string complaint(int64_t length) {
    if (length >= kShortest && length % 2 == 0) return "";
    return text("found ", length, ", allowed: even numbers from ", kShortest);
  }

  int32_t draw_instruction(Rng& rng) const {
    if (rng.chance(ignore_)) return kIgnored;
    return rng.chance(0.5) ? kWrite : kRead;
  }

  int64_t length_;
  double ignore_;
};

}  // namespace

LONGHAUL_PLUGIN(flip_flop) {
  registry.task<FlipFlop>({.name = "flip_flop",
                           .about = "the bit that was written last, among bits to ignore",
                           .source = "Liu et al. 2023, arXiv:2306.00946",
                           .published = "none quoted: it reports rare errors, in plots"});
}

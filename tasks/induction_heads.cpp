// Induction heads (Olsson et al. 2022, arXiv:2209.11895; the task as in Dao et al. 2023, H3,
// arXiv:2212.14052, section 3.1, and Gu and Dao 2023, Mamba, arXiv:2312.00752, section 4.1.2).
//
// Random symbols, among them one special symbol, once. It comes again at the end: there the symbol
// that followed it the first time is to be answered.
//
//   length 10, vocabulary 6
//   input   x .. S y x .. S                    4 1 6 3 5 3 1 1 2 6
//   target  y, at the end alone                . . . . . . . . . 2
//
// Of a vocabulary of V symbols the last is the special one; the rest are drawn uniformly. The
// special one stands at a uniform place that leaves room for y before the end.
//
// Ids: symbols 1 .. V-1, special V (0 pads). A target is its symbol's number from 0. The defaults
// are Mamba's, which trains at length 256 and tests at 64 .. 1,048,576.
//
// Where this differs from the original: H3 has length 30 and vocabulary 20; set them.
// The shallow baseline is the commonest symbol of the example, a bag of tokens: y counts itself in.

#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class InductionHeads final : public Task {
 public:
  explicit InductionHeads(Options& options)
      : length_(options.integer("length", 256, "tokens of an example", kShortest, 4'000'000)),
        vocabulary_(static_cast<int32_t>(options.integer(
            "vocabulary", 16, "symbols, the special one among them", 3, 1'000'000))) {}

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 1; }
  int64_t classes() const override { return vocabulary_ - 1; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    Example example;
    example.tokens = symbols::draw(rng, length_, 1, vocabulary_ - 1);
    const int64_t place = rng.below(length_ - 2);
    example.tokens[place] = example.tokens.back() = vocabulary_;
    example.targets.assign(length_, kIgnore);
    example.targets.back() = example.tokens[place + 1] - 1;
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, symbols::too_short(length, kShortest));
  }

  Shallow shallow(const Example& example, int64_t) const override {
    return {.guess = symbols::most_frequent(example, length_, 1, vocabulary_ - 1) - 1};
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      return id == vocabulary_ ? std::string("S") : std::to_string(id - 1);
    };
    return symbols::rows(example, token, [](int32_t symbol) { return std::to_string(symbol); });
  }

 private:
  static constexpr int64_t kShortest = 3;

  int64_t length_;
  int32_t vocabulary_;
};

}  // namespace

LONGHAUL_PLUGIN(induction_heads) {
  registry.task<InductionHeads>({.name = "induction_heads",
                                 .about = "what followed a special symbol the first time",
                                 .source = "Gu and Dao 2023, arXiv:2312.00752, section 4.1.2",
                                 .published =
                                     "trained at length 256, task as here\n"
                                     "Gu and Dao 2023, table 2, a plot: Mamba stays at 100 percent "
                                     "up to length 1048576, attention is lost beyond 512"});
}

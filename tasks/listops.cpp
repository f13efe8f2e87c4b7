// ListOps as in Long Range Arena (Tay et al. 2020, arXiv:2011.04006, section 2.2.1; the expressions
// are those of Nangia and Bowman 2018, arXiv:1804.06028).
//
// A nested prefix expression over digits; the answer is its value, one of ten classes.
//
//   expression = digit | operator expression{2 .. max_args} ]
//   [MIN smallest   [MAX largest   [SM sum modulo 10
//   [MED median; of an even count the mean of the two middle values, rounded down
//
//   ids     [MIN 1  [MAX 2  [MED 3  [SM 4  digit d: 5 + d  ] 15          (0 pads)
//   tokens  [MAX 2 9 [MIN 4 7 ] 0 ]  =  2 7 14 1 9 12 15 5 15           target 9
//   tokens  [MED 3 6 ]               =  3 8 11 15                       target 4
//
// A node above level max_depth (the root is level 1) is an operator with probability value_p, its
// kind and number of arguments uniform, else a uniform digit; at max_depth it is always a digit. A
// tree is kept if min_length < tokens < max_length, both strict.
//
// Where the original goes wrong, and what is done here:
// - Its pipeline numbers the vocabulary in the order of a set of strings, which differs between
//   processes, so a separate test run reads other ids than training did. Ids are constant here.
// - A tokenizer of its early pipeline dropped every bracket, which leaves the expression ambiguous.
//   `]` is a token here. The round brackets of its files carry nothing and are left out, as they
//   are from its length bounds; so no expression is ever truncated.
// - Its files cannot be made again (no seed). Here an example is a function of the random stream.
// - Chance is not 10%: 0 and 9 are 17% of the targets each, and the first operator alone predicts
//   36%. That operator is the shallow baseline.
//
// With `data` the examples are those of a release's files (listops_files.h), with the same ids, so
// a model trained on generated expressions can be scored on the files and the other way round.

#include <optional>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"
#include "tasks/files/listops_expression.h"
#include "tasks/files/listops_files.h"

namespace {
using namespace longhaul;
using namespace longhaul::listops;

// A window is refused if this many tokens of random trees do not hold kProbeTrees that fit. An
// example then costs a tenth of it on average, and kDrawTokens are never used up.
constexpr int64_t kProbeTokens = 20'000'000;
constexpr int kProbeTrees = 10;
constexpr int64_t kDrawTokens = 20 * kProbeTokens;

class ListOps final : public Task {
 public:
  explicit ListOps(Options& options)
      : folder_(options.path(
            "data", "", "folder of basic_{train,val,test}.tsv to read; all below is then unused")),
        max_depth_(options.integer("max_depth", 10, "level that holds digits only; the root is 1",
                                   1, 1000)),
        max_args_(options.integer("max_args", 10, "most arguments of an operator; the fewest are 2",
                                  2, 1000)),
        min_length_(options.integer("min_length", 500, "expressions have more tokens than this", 0,
                                    100'000)),
        max_length_(options.integer("max_length", 2000, "expressions have fewer tokens than this",
                                    2, 100'000)),
        value_p_(options.number("value_p", 0.25, "probability of an operator instead of a digit", 0,
                                1)) {
    if (folder_.empty())
      check_window(options);
    else
      files_.emplace(folder_);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return kVocab; }
  int64_t classes() const override { return kDigits; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return files_ ? files_->max_length() : max_length_ - 1; }

  int64_t count(Split split) const override { return files_ ? files_->count(split) : 0; }
  Example at(Split split, int64_t index) const override { return files_->at(split, index); }

  Example draw(Rng& rng) const override {
    Example example;
    int64_t budget = kDrawTokens;
    require(find(rng, example.tokens, budget), "listops: no expression of ", min_length_ + 1,
            " .. ", max_length_ - 1, " tokens in ", kDrawTokens, " tokens of random trees");
    for (int32_t& token : example.tokens) {
      if (token == kMin) token += static_cast<int32_t>(rng.below(kOperators));
      if (token == kDigit) token += static_cast<int32_t>(rng.below(kDigits));
    }
    example.targets = {evaluate(example.tokens)};
    return example;
  }

  // Expressions of more than half of that length.
  OptionMap at_length(int64_t length) const override {
    require(length >= 1, "listops: found length ", length, ", allowed: at least 1");
    return {{"min_length", length / 2}, {"max_length", length + 1}};
  }

  Shallow shallow(const Example& example, int64_t) const override {
    return {.key = example.tokens.front()};
  }

  std::string show(const Example& example) const override {
    static const char* const operators[] = {"[MIN", "[MAX", "[MED", "[SM"};
    std::string shown;
    for (int32_t token : example.tokens) {
      if (token < kDigit)
        shown += operators[token - kMin];
      else
        shown += token < kClose ? std::to_string(token - kDigit) : "]";
      shown += ' ';
    }
    return shown + "= " + std::to_string(example.targets.front()) + '\n';
  }

 private:
  void check_window(Options& options) const {
    if (max_length_ - min_length_ < 2) {
      options.problem("max_length",
                      text("found ", max_length_, ", allowed: at least ", min_length_ + 2,
                           " (min_length + 2; both bounds are exclusive)"));
      return;
    }
    int64_t longest = 1;
    for (int64_t depth = 1; depth < max_depth_ && longest <= min_length_; ++depth)
      longest = 2 + max_args_ * longest;
    if (longest <= min_length_) {
      options.problem("min_length", text("found ", min_length_, ", but with max_depth ", max_depth_,
                                         " and max_args ", max_args_,
                                         " no expression has more than ", longest, " tokens"));
      return;
    }
    Rng rng(0, "listops window");
    std::vector<int32_t> tokens;
    int64_t budget = kProbeTokens;
    for (int found = 0; found < kProbeTrees; ++found) {
      if (find(rng, tokens, budget)) continue;
      options.problem("min_length",
                      text("almost no expression has ", min_length_ + 1, " .. ", max_length_ - 1,
                           " tokens with max_depth ", max_depth_, ", max_args ", max_args_,
                           " and value_p ", value_p_, "; widen the window or change these"));
      return;
    }
  }

  // Grows trees until one fits the window. False once more than `budget` tokens were grown.
  bool find(Rng& rng, std::vector<int32_t>& tokens, int64_t& budget) const {
    while (budget > 0) {
      const bool fits = grow(rng, tokens);
      budget -= static_cast<int64_t>(tokens.size()) + 1;
      if (fits) return true;
    }
    return false;
  }

  // Grows one tree, depth first, with [MIN for every operator and 0 for every digit: three trees in
  // four are a lone digit and most others are too long or too short, so kinds are drawn only for
  // the one that is kept. Gives up as soon as the tree is certain to be too long. True if it fits.
  bool grow(Rng& rng, std::vector<int32_t>& tokens) const {
    const auto operator_below = static_cast<uint64_t>(value_p_ * 0x1p32);
    std::vector<int64_t> missing;  // arguments still to come of each open operator
    int64_t length = 1;            // of the finished tree, were all nodes to come digits
    tokens.clear();
    do {
      const int64_t depth = static_cast<int64_t>(missing.size()) + 1;
      if (depth < max_depth_ && rng.bits() < operator_below) {
        const int64_t arguments = rng.between(2, max_args_);
        length += arguments + 1;
        if (length >= max_length_) return false;
        tokens.push_back(kMin);
        missing.push_back(arguments);
        continue;
      }
      tokens.push_back(kDigit);
      while (!missing.empty() && --missing.back() == 0) {
        tokens.push_back(kClose);
        missing.pop_back();
      }
    } while (!missing.empty());
    return length > min_length_;
  }

  std::string folder_;
  int64_t max_depth_, max_args_, min_length_, max_length_;
  double value_p_;
  std::optional<Files> files_;  // read in place of generating
};

}  // namespace

LONGHAUL_PLUGIN(listops) {
  registry.task<ListOps>(
      {.name = "listops",
       .about = "value of a nested prefix expression over digits",
       .source = "Tay et al. 2020, arXiv:2011.04006, section 2.2.1",
       .published = "accuracy in percent, task as here\n"
                    "Tay et al. 2020, table 1: Transformer 36.4, Reformer 37.3, Longformer "
                    "35.6, Performer 18.0, Linear Transformer 16.1\n"
                    "Gu et al. 2022, repository: S4 59.5; Smith et al. 2023: S5 62.2\n"
                    "Orvieto et al. 2023: LRU 60.2, tanh RNN 43.9"});
}

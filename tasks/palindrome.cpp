// Palindromes: a string, then the string backwards (a task of the Kimi team 2025, "Kimi Linear",
// arXiv:2510.26692, section on synthetic tests).
//
//   length 8, vocabulary 9
//   input   x x x x | x x x                    4 1 7 2 10 2 7 1
//   target  the symbols, last first            . . . . 1 6 0 3
//
// `length` / 2 uniform symbols, a marker, then the symbols backwards; each is to be answered one
// position ahead, so that the first symbol is asked for but does not come again. Only a causal
// model is put to the test. reverse_string is the same without answers in the input.
//
// Ids: symbols 1 .. V, marker V+1 (0 pads). A target is its symbol's number from 0.
// The shallow baseline is the commonest symbol of the string.
//
// The original tests lengths 256 .. 2048 with models of 2 layers; its vocabulary could not be
// checked.

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class Palindrome final : public Task {
 public:
  explicit Palindrome(Options& options)
      : length_(options.integer("length", 256, "tokens of an example; even", kShortest, 4'000'000)),
        vocabulary_(static_cast<int32_t>(
            options.integer("vocabulary", 64, "different symbols", 2, 1'000'000))) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 2; }
  int64_t classes() const override { return vocabulary_; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const std::vector<int32_t> string = symbols::draw(rng, length_ / 2, 1, vocabulary_);
    Example example;
    for (const int32_t id : string) symbols::append(example, 1, id);
    symbols::append(example, 1, vocabulary_ + 1);
    for (auto id = string.rbegin(); id + 1 != string.rend(); ++id)
      symbols::append_answer(example, *id - 1, *id);
    example.targets.back() = string.front() - 1;
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t) const override {
    return {.guess = symbols::most_frequent(example, length_ / 2, 1, vocabulary_) - 1};
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      return id > vocabulary_ ? std::string("|") : std::to_string(id - 1);
    };
    return symbols::rows(example, token, [](int32_t symbol) { return std::to_string(symbol); });
  }

 private:
  static constexpr int64_t kShortest = 2;

  static std::string complaint(int64_t length) {
    if (length >= kShortest && length % 2 == 0) return "";
    return text("found ", length, ", allowed: even numbers from ", kShortest);
  }

  int64_t length_;
  int32_t vocabulary_;
};

}  // namespace

LONGHAUL_PLUGIN(palindrome) {
  registry.task<Palindrome>({.name = "palindrome",
                             .about = "a string, then the string backwards",
                             .source = "Kimi Team 2025, arXiv:2510.26692",
                             .published =
                                 "none quoted: its figures are plots, and their settings could not "
                                 "be checked"});
}

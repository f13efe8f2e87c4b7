// Many stacks at once (a task of the Kimi team 2025, "Kimi Linear", arXiv:2510.26692, section on
// synthetic tests).
//
// Operations on `stacks` stacks: "push s x" lays the element x on stack s, "pop s x" takes the last
// one off it. At the s of a pop the x is to be answered. So a model has to keep several stacks
// apart, to write, and to forget what was taken off.
//
//   length 12, stacks 2, elements 5
//   ops     push 1 e4, push 0 e2, push 1 e0, pop 1 e0
//   input   + 1 e4 + 0 e2 + 1 e0 - 1 e0:           1 4 9 1 3 7 1 4 5 2 4 5
//   target  the element on top                     . . . . . . . . . . 0 .
//
// `length` / 3 operations. With probability 1/2 it is a push, of a uniform element on a uniform
// stack, else a pop of a uniform stack of those that hold something. Where all are empty it is a
// push, and the last operation is a pop if it can be. The element of a pop follows in the input,
// behind the position that asks for it: only a causal model is put to the test.
//
// Ids: push 1, pop 2, stacks from 3, then elements (0 pads). A target is an element's number from
// 0. The shallow baseline is the element of the latest push, whatever its stack.
//
// The original has 64 stacks and lengths 256 .. 2048, as far as could be checked; the number of
// elements and the share of pushes are choices of this project.

#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class Stacks final : public Task {
 public:
  explicit Stacks(Options& options)
      : length_(options.integer("length", 258, "tokens of an example; a multiple of 3", kShortest,
                                3'000'000)),
        stacks_(
            static_cast<int32_t>(options.integer("stacks", 64, "different stacks", 1, 100'000))),
        elements_(static_cast<int32_t>(
            options.integer("elements", 64, "different elements", 2, 100'000))) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return first_element() + elements_; }
  int64_t classes() const override { return elements_; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    std::vector<std::vector<int32_t>> stacks(stacks_);
    std::vector<int32_t> filled;  // stacks that hold something
    Example example;
    for (int64_t left = length_ / 3; left > 0; --left) {
      const bool pushes = filled.empty() || (left > 1 && rng.chance(0.5));
      symbols::append(example, 1, pushes ? kPush : kPop);
      if (pushes) {
        const auto stack = static_cast<int32_t>(rng.below(stacks_));
        const auto element = static_cast<int32_t>(rng.below(elements_));
        if (stacks[stack].empty()) filled.push_back(stack);
        stacks[stack].push_back(element);
        symbols::append(example, 1, kFirstStack + stack);
        symbols::append(example, 1, first_element() + element);
      } else {
        const int64_t place = rng.below(static_cast<int64_t>(filled.size()));
        const int32_t stack = filled[place], element = stacks[stack].back();
        stacks[stack].pop_back();
        if (stacks[stack].empty()) filled.erase(filled.begin() + place);
        symbols::append(example, 1, kFirstStack + stack);
        symbols::append_answer(example, element, first_element() + element);
      }
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    int64_t operation = t - 1;
    while (operation > 0 && example.tokens[operation] != kPush) operation -= 3;
    return {.guess = example.tokens[operation + 2] - first_element()};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    for (std::size_t t = 0; t < example.tokens.size(); t += 3)
      shown +=
          text(example.tokens[t] == kPush ? "push " : "pop ", example.tokens[t + 1] - kFirstStack,
               " e", example.tokens[t + 2] - first_element(), '\n');
    return shown;
  }

 private:
  static constexpr int32_t kPush = 1, kPop = 2, kFirstStack = 3;
  static constexpr int64_t kShortest = 6;

  int32_t first_element() const { return kFirstStack + stacks_; }

  static std::string complaint(int64_t length) {
    if (length >= kShortest && length % 3 == 0) return "";
    return text("found ", length, ", allowed: multiples of 3 from ", kShortest,
                " (an operation has 3 tokens)");
  }

  int64_t length_;
  int32_t stacks_, elements_;
};

}  // namespace

LONGHAUL_PLUGIN(stacks) {
  registry.task<Stacks>({.name = "stacks",
                         .about = "what is on top of one of many stacks",
                         .source = "Kimi Team 2025, arXiv:2510.26692",
                         .published =
                             "none quoted: its figures are plots, and their settings could not be "
                             "checked"});
}

// Stack manipulation (Deletang et al. 2023, arXiv:2207.02098, deterministic context-free).
//
// A stack of bits, bottom first, then actions: POP, PUSH0, PUSH1. What is the stack at the end, top
// first? A POP of an empty stack does nothing. A dot ends the answer; slots after it are not
// scored.
//
//   0 1 1 0 PUSH1 POP POP -> 1 1 0 .
//   ids 1 2 2 1 5 3 3 6 6 6 6 6 6 6 6   targets . . . . . . . 1 1 0 2 . . . .
//   1 1 0 POP POP POP -> .
//   ids 2 2 1 3 3 3 6 6 6 6 6 6 6   targets . . . . . . 2 . . . . . .
//
// Of length n, uniform on 1 .. n - 1 are the stack (a single symbol is a stack without actions),
// bits and actions are uniform. There are n + 1 slots, since no action leaves n bits and the dot.
//
// Ids: 0 1, 1 2, POP 3, PUSH0 4, PUSH1 5, slot 6. Classes: 0, 1 and the dot 2.
//
// The original trains on the slots after the dot, to be answered by 0, and leaves them out of its
// accuracy. Here they count for neither. Its second example, the one above, has a zero too many.
//
// The shallow baseline reads the input backwards as if no bit were ever popped.

#include <algorithm>
#include <map>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

constexpr char kPop = '<', kPush0 = 'a', kPush1 = 'b';

class StackManipulation final : public FormalTask {
 public:
  explicit StackManipulation(Options& options) : FormalTask(options) {}

  int version() const override { return 1; }

  Shallow shallow(const Example& example, int64_t t) const override {
    const int64_t length = (static_cast<int64_t>(example.tokens.size()) - 1) / 2;
    const int64_t slot = t - length;
    const int64_t seen = slot < length ? example.tokens[length - 1 - slot] : 0;
    return {.key = std::min<int64_t>(slot, 3) * vocab() + seen};
  }

  std::string show(const Example& example) const override {
    static const std::map<char, std::string> words = {
        {kPop, "POP"}, {kPush0, "PUSH0"}, {kPush1, "PUSH1"}};
    const Word word = read(example);
    std::string shown;
    for (char symbol : word.input)
      shown += (words.count(symbol) ? words.at(symbol) : std::string(1, symbol)) + ' ';
    shown += "->";
    for (char answer : word.answer) shown += {' ', answer};
    return shown + '\n';
  }

 protected:
  std::string symbols() const override { return {'0', '1', kPop, kPush0, kPush1}; }
  std::string answers() const override { return "01."; }
  int64_t slots(int64_t length) const override { return length + 1; }

  Word draw_word(Rng& rng, int64_t length) const override {
    const int64_t height = rng.between(1, std::max<int64_t>(length - 1, 1));
    std::string stack = random_string(rng, "01", height);
    const std::string actions = random_string(rng, {kPop, kPush0, kPush1}, length - height);
    const std::string input = stack + actions;
    for (char action : actions) {
      if (action != kPop)
        stack += action == kPush0 ? '0' : '1';
      else if (!stack.empty())
        stack.pop_back();
    }
    return {input, std::string(stack.rbegin(), stack.rend()) + "."};
  }
};

}  // namespace

LONGHAUL_PLUGIN(stack_manipulation) {
  registry.task<StackManipulation>(
      {.name = "stack_manipulation",
       .about = "what a stack holds after pushes and pops",
       .source = "Deletang et al. 2023, arXiv:2207.02098, context-free",
       .published = "accuracy in percent at lengths 41 to 500, best of 10 seeds\n"
                    "Deletang et al. 2023, table 1: RNN 56.0, LSTM 59.1, Transformer 57.5"});
}

#pragma once

#include <cstdint>
#include <string>

#include "longhaul/options.h"
#include "longhaul/task.h"

// What the formal-language tasks share (Deletang et al. 2023, "Neural Networks and the Chomsky
// Hierarchy", arXiv:2207.02098): inputs of random length, and answers that are one class or a
// string written into empty slots.
namespace longhaul {

// How many symbols an input has: uniform on the options min_length .. max_length, each input
// drawing its own length. The original trains on 1 .. 40 and tests on each length up to 500.
//
// Inputs of a few symbols are few, and as each of them is in one split only, a split may have none
// of some length. Its draws then take another length; a length of its own needs `enough` symbols.
class InputLengths {
 public:
  struct Bounds {
    int64_t shortest = 1;       // that the task's rule can make
    int64_t enough = 8;         // from here on one length has inputs enough for three splits
    int64_t longest = 100'000;  // that is made in well under a second
  };

  InputLengths(Options& options, const Bounds& bounds);

  int64_t draw(Rng& rng) const { return rng.between(min_, max_); }
  int64_t max() const { return max_; }
  OptionMap at(int64_t length) const;  // Task::at_length; throws Error where it cannot be tested

 private:
  Bounds bounds_;
  int64_t min_, max_;
};

// An input and its answer, a character for each symbol.
struct Word {
  std::string input, answer;
};

// A task that is a rule on strings.
//
// Where the answer is one character it is the class of the sequence (Readout::sequence). Where it
// is a string, the tokens are the input and then slots(length) empty ones; the i-th answer is the
// target of the i-th slot, and slots that are left over are not scored (Readout::token).
//
// Ids: the characters of symbols() are 1, 2, ..., the empty slot comes after them. Classes are the
// places of characters in answers().
class FormalTask : public Task {
 public:
  int64_t vocab() const final;
  int64_t classes() const final;
  Readout readout() const final;
  int64_t max_length() const final;
  Example draw(Rng& rng) const final;
  OptionMap at_length(int64_t length) const final { return lengths_.at(length); }

  // Unless a task knows better: the three symbols before the slot, or at the end of the sequence.
  Shallow shallow(const Example& example, int64_t t) const override;
  std::string show(const Example& example) const override;  // 0110 -> 0110

 protected:
  explicit FormalTask(Options& options, const InputLengths::Bounds& bounds = {})
      : lengths_(options, bounds) {}

  virtual std::string symbols() const = 0;
  virtual std::string answers() const = 0;
  virtual int64_t slots(int64_t /*length*/) const { return 0; }  // 0: the answer is one class
  virtual Word draw_word(Rng& rng, int64_t length) const = 0;

  Word read(const Example& example) const;  // the inverse of what draw() does with a Word

 private:
  InputLengths lengths_;
};

// The first `count` of the characters 0 .. 9.
std::string digits(int64_t count);
// Independent uniform symbols.
std::string random_string(Rng& rng, const std::string& symbols, int64_t length);
// A uniform number of 1 .. 2^length - 1 in binary, with its leading zeros.
std::string random_number(Rng& rng, int64_t length);

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/options.h"
#include "longhaul/rng.h"

namespace longhaul {

class ExampleCache;  // the harness's own

enum class Split { train, validation, test };

// Where a task reads its answer: once per sequence, once per pair of sequences (two documents, one
// encoder for both), or at every position with a target.
enum class Readout { sequence, pair, token };

// One input and its answer. The input is ids, or real numbers where Task::channels() says so.
struct Example {
  std::vector<int32_t> tokens;       // [length], ids in 1 .. vocab-1
  std::vector<int32_t> targets;      // [1], or [length] for Readout::token; kIgnore = unscored
  std::vector<int32_t> second = {};  // the other sequence of Readout::pair, ids as in tokens
  std::vector<float> values = {};    // [length * channels], in place of tokens
  // Of a regression: Task::classes() real answers for each target, which then is 0 or kIgnore.
  std::vector<float> numbers = {};
};

// What a rule without any sequence model would answer at one scored position (Task::shallow).
struct Shallow {
  int64_t key = 0;  // the harness answers the target seen most often with this key in training
  int32_t guess = kIgnore;              // or, if set, this very answer
  std::span<const float> numbers = {};  // likewise of a regression: classes() of them
};

// How a person looks at an example: as a picture of so many pixels, or as text (width 0).
struct Picture {
  int64_t width = 0, height = 0;
  int64_t first_id = 1;  // the token id of black; ids rise with brightness
  int64_t levels = 256;  // brightness levels; values have their own range, darkest to brightest
};

// A generator or reader of examples. One .cpp per task; see docs/add-a-task.md.
//
// The constructor reads options: `explicit MyTask(Options& options)`. Everything else is const.
//
// A generated task makes examples without end: draw() is a function of the random stream alone, so
// example i of a split is the same whatever was drawn before. The harness keeps the splits disjoint
// by content hash (an example belongs to the split that the hash of its input selects; draws of
// another split are drawn again).
//
// A task read from files has count() examples of each split and hands out the i-th by at(); it
// never puts one input in two splits. The harness shuffles the training examples.
class Task {
 public:
  virtual ~Task();

  virtual int version() const = 0;  // rises with any change of what a seed yields or what is scored
  virtual int64_t vocab() const = 0;    // ids lie in [0, vocab), kPad among them; 0 with channels
  virtual int64_t channels() const;     // real numbers a position instead of an id; default 0
  virtual int64_t classes() const = 0;  // targets lie in [0, classes)
  // Whether answers are real numbers, classes() of them where one is asked for. Default: false.
  virtual bool is_regression() const;
  // What 1 in Example::numbers is in the unit of the data, in which errors are told. Default: 1.
  virtual double answer_unit() const;
  virtual Readout readout() const = 0;
  virtual int64_t max_length() const = 0;  // no sequence is longer

  virtual Example draw(Rng& rng) const = 0;  // not called when count() says how many there are

  // How many examples a split has; 0 (the default): as many as are asked for.
  virtual int64_t count(Split split) const;
  virtual Example at(Split split, int64_t index) const;  // 0 <= index < count(split)

  // The options, of those the task declares, that give it examples of this length: what lets a
  // suite train on short sequences and test on long ones. Vocabulary and classes must not depend on
  // them. Throws Error where a length makes no sense; the default always does.
  virtual OptionMap at_length(int64_t length) const;

  // The task's own shallow baseline at position `t` of `example` (0 unless Readout::token): the
  // best answer that needs no memory, such as the first token or a local window. Default: the
  // majority.
  virtual Shallow shallow(const Example& example, int64_t t) const;
  // Whether the shallow baseline is, instead, a logistic regression on how often each id occurs.
  virtual bool shallow_is_bag_of_tokens() const;

  // One example for a human reader, lines ending in '\n'. Default: the ids, or the picture in
  // shades of two characters a pixel, and the targets.
  virtual std::string show(const Example& example) const;
  virtual Picture picture() const;  // default: no picture

  // Examples made before (`longhaul data`), which the harness takes in place of draw(); null: none.
  const ExampleCache* cache() const { return cache_.get(); }
  void set_cache(std::shared_ptr<const ExampleCache> cache) { cache_ = std::move(cache); }

 private:
  std::shared_ptr<const ExampleCache> cache_;
};

}  // namespace longhaul

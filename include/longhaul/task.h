#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/options.h"
#include "longhaul/rng.h"

namespace longhaul {

enum class Split { train, validation, test };

// Where a task reads its answer: once per sequence, or at every position with a target.
enum class Readout { sequence, token };

// One input sequence and its answer.
struct Example {
  std::vector<int32_t> tokens;  // [length], ids in 1 .. vocab-1
  std::vector<int32_t>
      targets;  // [1] for Readout::sequence, [length] for Readout::token; kIgnore = unscored
};

// What a rule without any sequence model would answer at one scored position (Task::shallow).
struct Shallow {
  int64_t key = 0;  // the harness answers the target seen most often with this key in training
  int32_t guess = kIgnore;  // or, if set, this very answer
};

// A generator of examples. One .cpp per task; see docs/add-a-task.md.
//
// The constructor reads options: `explicit MyTask(Options& options)`. Everything else is const: an
// example is a function of the random stream alone, so example i of a split is the same whatever
// was drawn before. The harness keeps the splits disjoint by content hash (an example belongs to
// the split that the hash of its tokens selects; draws of another split are drawn again).
class Task {
 public:
  virtual ~Task();

  virtual int version() const = 0;  // rises with any change of what a seed yields or what is scored
  virtual int64_t vocab() const = 0;    // input ids lie in [0, vocab), kPad among them
  virtual int64_t classes() const = 0;  // targets lie in [0, classes)
  virtual Readout readout() const = 0;
  virtual int64_t max_length() const = 0;  // no example is longer
  virtual Example draw(Rng& rng) const = 0;

  // The task's own shallow baseline at position `t` of `example` (0 for Readout::sequence): the
  // best answer that needs no memory, such as the first token or a local window. Default: the
  // majority.
  virtual Shallow shallow(const Example& example, int64_t t) const;

  // One example for a human reader, lines ending in '\n'. Default: the ids and targets.
  virtual std::string show(const Example& example) const;
};

}  // namespace longhaul

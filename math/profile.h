#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <unordered_map>

#include "longhaul/tensor.h"
#include "support/clock.h"

namespace longhaul {

// What calls of an operator came to.
struct OperatorCost {
  int64_t calls = 0;
  double seconds = 0;  // of threads: what all of them share counts once for each
  int64_t flops = 0;   // as the operator counted them (ops.h count_flops)
  int64_t bytes = 0;   // of its tensors, each once: the least that it moves

  void add(const OperatorCost& other);
};

struct OperatorCosts {
  OperatorCost forward, backward;
  OperatorCost update;  // what is neither: the sum of the gradients, the optimizer

  void add(const OperatorCosts& other);
};

// What each operator took, on a thread that a Meter (math/meter.h) has given it. A clock runs from
// operator to operator: what passes between the ends of two belongs to the second. Without a
// profile no clock is read.
class OperatorProfile {
 public:
  void clear();
  void start();  // what passed until now belongs to no operator
  void count(int64_t flops) { flops_ += flops; }

  // An operator has its value. `step`: its reverse step on the tape, if it has one.
  void forward_ended(const char* function, const Tensor& result,
                     std::initializer_list<Tensor> inputs, const void* step);
  void backward_ended(const void* step);
  void update_ended(const char* name, int64_t bytes);

  void add(const OperatorProfile& other);
  // By the names of their functions: "matmul". "unknown" are reverse steps that were recorded while
  // no profile ran.
  std::map<std::string, OperatorCosts> operators() const;

 private:
  struct Step {
    const char* function;
    int64_t bytes;
  };
  OperatorCost since_last_end(int64_t bytes);

  Stopwatch since_last_;
  int64_t flops_ = 0;  // since then
  const float* last_result_ = nullptr;
  std::map<const char*, OperatorCosts> costs_;
  std::unordered_map<const void*, Step> steps_;  // recorded, and not yet run
};

// Names a part of a training step that is no operator. `bytes`: what it reads and writes.
class ProfiledPart {
 public:
  ProfiledPart(const char* name, int64_t bytes);
  ~ProfiledPart();
  ProfiledPart(const ProfiledPart&) = delete;
  ProfiledPart& operator=(const ProfiledPart&) = delete;

 private:
  const char* name_;
  int64_t bytes_;
};

// While it lives, this thread's operators report to `profile`; null: as before.
class ProfileScope {
 public:
  explicit ProfileScope(OperatorProfile* profile);
  ~ProfileScope();
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  OperatorProfile* outer_;
};

// Called by Tape::backward behind each reverse step.
void report_reverse_step(const void* step);

}  // namespace longhaul

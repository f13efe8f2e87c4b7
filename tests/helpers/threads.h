#pragma once

#include "math/parallel.h"

namespace longhaul {

// Sets the number of threads until it ends.
class Threads {
 public:
  explicit Threads(int count) : before_(threads()) { set_threads(count); }
  ~Threads() { set_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

// What run() gives on so many threads.
template <class Run>
auto with_threads(int count, Run run) {
  const Threads scope(count);
  return run();
}

}  // namespace longhaul

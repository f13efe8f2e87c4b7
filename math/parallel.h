#pragma once

#include <algorithm>
#include <cstdint>

namespace longhaul {

// True inside a lane of a training step: kernels then run on the calling thread alone.
class LaneScope {
 public:
  LaneScope();
  ~LaneScope();
  LaneScope(const LaneScope&) = delete;
  LaneScope& operator=(const LaneScope&) = delete;
  static bool inside();

 private:
  static thread_local int depth_;
};

// How many threads parallel_for and the lane loop may use from here on; at first one per core.
void set_threads(int threads);
int threads();

// While it lives, this thread treats denormal numbers as zero, which kernels assume (they cost 100
// cycles each); afterwards it does as before. parallel_for has one on each of its threads.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned before_ = 0;
};

// Calls body(context, chunk) for every chunk in [0, chunks), across threads or in order
// (parallel_for).
void run_chunks(int64_t chunks, void (*body)(void*, int64_t), void* context);

// Calls body(begin, end) for the chunks [0, grain), [grain, 2 grain), ... of [0, n): across threads
// outside a lane, in order inside one. The borders do not depend on the number of threads. `body`
// must not depend on the order of the chunks; the exception of the first chunk that threw is passed
// on.
template <class Body>
void parallel_for(int64_t n, int64_t grain, Body body) {
  struct Context {
    Body& body;
    int64_t n, grain;
  } context{body, n, grain};
  run_chunks((n + grain - 1) / grain,
             [](void* p, int64_t chunk) {
               auto& c = *static_cast<Context*>(p);
               c.body(chunk * c.grain, std::min(c.n, (chunk + 1) * c.grain));
             },
             &context);
}

}  // namespace longhaul

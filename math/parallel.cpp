#include "math/parallel.h"

#include <omp.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#ifdef __SSE__
#include <immintrin.h>
#endif

#include "math/precision.h"

namespace longhaul {

namespace {

thread_local bool is_inside = false;  // a lane
thread_local bool is_alone = false;   // on this thread
std::atomic<int> thread_count{0};     // as set

}  // namespace

LaneScope::LaneScope(LaneThreads threads) : was_inside_(is_inside), was_alone_(is_alone) {
  is_inside = true;
  is_alone |= threads == LaneThreads::one;
}
LaneScope::~LaneScope() {
  is_inside = was_inside_;
  is_alone = was_alone_;
}
bool LaneScope::inside() { return is_inside; }

void set_threads(int threads) { thread_count = threads; }
int threads() {
  static const int at_first = omp_get_max_threads();
  const int set = thread_count;
  return set > 0 ? set : at_first;
}
bool has_threads() { return !is_alone && threads() > 1; }

#ifdef __SSE__
FlushDenormals::FlushDenormals() : before_(_mm_getcsr()) {
  constexpr unsigned kInputsToo = 0x0040;  // denormal inputs count as zero
  _mm_setcsr(before_ | _MM_FLUSH_ZERO_ON | kInputsToo);
}
// Flags that say what arithmetic met meanwhile are not kept.
FlushDenormals::~FlushDenormals() { _mm_setcsr(before_); }
#else
FlushDenormals::FlushDenormals() = default;
FlushDenormals::~FlushDenormals() = default;
#endif

namespace {

// The chunks of one loop. Whoever has time takes the next one.
class Loop {
 public:
  Loop(int64_t chunks, void (*body)(void*, int64_t), void* context)
      : chunks_(chunks), body_(body), context_(context), thrower_(chunks) {}

  void work() {
    const LaneScope lane;  // nested kernels stay on this thread
    const FlushDenormals flush;
    const PrecisionScope scope(precision_);
    for (int64_t chunk; (chunk = next_.fetch_add(1, std::memory_order_relaxed)) < chunks_;)
      run(chunk);
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  void run(int64_t chunk) {
    try {
      body_(context_, chunk);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (chunk > thrower_) return;
      thrower_ = chunk;
      thrown_ = std::current_exception();
    }
  }

  const int64_t chunks_;
  void (*const body_)(void*, int64_t);
  void* const context_;
  const Precision precision_ = PrecisionScope::current();
  std::atomic<int64_t> next_{0};
  std::mutex mutex_;  // of what follows
  int64_t thrower_;
  std::exception_ptr thrown_;
};

void pause() {
#ifdef __SSE__
  _mm_pause();
#endif
}

// Waits until `value` is no longer `old`: awake for some 50 microseconds, since the loops of a step
// follow each other closely, and then asleep, so that other programs have the core.
int changed(const std::atomic<int>& value, int old) {
  constexpr int kPauses = 1000;
  for (int i = 0; i < kPauses && value.load() == old; ++i) pause();
  value.wait(old);
  return value.load();
}

// The threads beside those that call parallel_for. One of these has them at a time, and needs none:
// it waits for chunks that others have begun, and not for those that come late.
class Helpers {
 public:
  static Helpers& all() {
    static Helpers* const helpers = new Helpers;  // never destroyed: they wait until the end
    return *helpers;
  }

  void run(Loop& loop, int helpers) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock) offer(&loop, helpers);
    loop.work();
    if (!lock) return;
    loop_ = nullptr;
    for (int busy = busy_; busy != 0;) busy = changed(busy_, busy);
  }

 private:
  void offer(Loop* loop, int helpers) {
    for (; started_ < helpers; ++started_)
      std::thread([this, round = round_.load()] { help(round); }).detach();
    places_ = helpers;
    loop_ = loop;
    ++round_;
    round_.notify_all();
  }

  void help(int round) {
    for (;;) {
      round = changed(round_, round);
      ++busy_;  // before the loop is read: whoever takes it back then waits
      if (Loop* const loop = loop_; loop && --places_ >= 0) loop->work();
      if (--busy_ == 0) busy_.notify_all();
    }
  }

  std::mutex mutex_;  // held while there is a loop
  int started_ = 0;
  std::atomic<int> round_{0}, places_{0}, busy_{0};
  std::atomic<Loop*> loop_{nullptr};
};

}  // namespace

void run_chunks(int64_t chunks, void (*body)(void*, int64_t), void* context) {
  Loop loop(chunks, body, context);
  if (chunks < 2 || !has_threads())
    loop.work();
  else
    Helpers::all().run(loop, static_cast<int>(std::min<int64_t>(threads(), chunks)) - 1);
  loop.rethrow();
}

}  // namespace longhaul

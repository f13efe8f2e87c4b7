#pragma once

#include <algorithm>
#include <cstdint>

namespace longhaul {

// Which threads a lane's kernels run on: the calling one, or all of them.
enum class LaneThreads { one, all };

// A lane of a training step, for as long as it lives. What an operator computes inside is the same
// for any number of threads, bit for bit, and for both kinds of lane.
class LaneScope {
 public:
  explicit LaneScope(LaneThreads threads = LaneThreads::one);
  ~LaneScope();
  LaneScope(const LaneScope&) = delete;
  LaneScope& operator=(const LaneScope&) = delete;
  static bool inside();

 private:
  const bool was_inside_, was_alone_;
};

// How many threads parallel_for and the lane loop may use from here on; at first one per core.
void set_threads(int threads);
int threads();

// Sets their number until it ends.
class Threads {
 public:
  explicit Threads(int count) : before_(threads()) { set_threads(count); }
  ~Threads() { set_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  const int before_;
};

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

// Whether parallel_for, called here, has several threads: not inside a lane of one thread, nor
// inside a parallel_for.
bool has_threads();

// Calls body(begin, end) for the chunks [0, grain), [grain, 2 grain), ... of [0, n): across threads
// or, where there is one, in order. The borders do not depend on the number of threads. `body` must
// not depend on the order of the chunks; the exception of the first chunk that threw is passed on.
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

// The same for work whose bits do not depend on the borders, such as rows by themselves: cut where
// it suits the threads, at multiples of `unit`, into `pieces` a thread or less. One thread takes
// all of [0, n) at once.
template <class Body>
void split_for(int64_t n, int64_t unit, Body body, int64_t pieces = 4) {
  if (n <= unit || !has_threads()) {
    body(int64_t{0}, n);
    return;
  }
  const int64_t all = pieces * threads();
  parallel_for(n, (n + unit * all - 1) / (unit * all) * unit, body);
}

constexpr int64_t kFewValues = 1 << 14;  // of elementwise work: not worth another thread
constexpr int64_t kFewRows = 64;         // of d_model channels or so

// Columns of row-major arrays, whose sums over the rows stay in order: whole cache lines, and few
// pieces, since each passes over all rows.
template <class Body>
void split_columns(int64_t width, Body body) {
  split_for(width, 16, body, 1);
}

// row(r) for every row, and then column(r, begin, end) for every row in order, for columns that are
// summed over the rows. On one thread both go together, while the row is in the cache.
template <class Row, class Column>
void rows_and_columns(int64_t rows, int64_t width, Row row, Column column) {
  if (rows <= kFewRows || !has_threads()) {
    for (int64_t r = 0; r < rows; ++r) {
      row(r);
      column(r, int64_t{0}, width);
    }
    return;
  }
  split_for(rows, kFewRows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) row(r);
  });
  split_columns(width, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < rows; ++r) column(r, begin, end);
  });
}

// Calls body(lane) for every lane: side by side, each on one thread, or one after another, each
// with all threads. `rows` are the positions that the longest lane goes through.
template <class Body>
void for_lanes(int64_t lanes, int64_t rows, Body body) {
  // Below that many rows threads would wait for each other more than they gain.
  constexpr int64_t kShort = 2048;
  if (lanes >= threads() || rows < kShort) {
    parallel_for(lanes, 1, [&](int64_t lane, int64_t) { body(lane); });
    return;
  }
  const FlushDenormals flush;
  const LaneScope scope(LaneThreads::all);
  for (int64_t lane = 0; lane < lanes; ++lane) body(lane);
}

}  // namespace longhaul

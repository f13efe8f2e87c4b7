// Prints map.csv, of which bench/solver_map.py makes results/solver_map: where solvers of a
// nonlinear recurrence beat the loop.
//
//   longhaul_solver_map tanh|gru [REPETITIONS [POSITIONS]]
//
// A batch has at most 131,072 positions, or POSITIONS. A row is one solver of one problem on so
// many threads; the loop is a row of its own. All ways of a problem take turns. Times are medians
// in milliseconds:
//   forward, training  in lanes, as a training step runs its batch (harness/train/lanes.cpp):
//                      forward alone, and with the reverse step
//   evaluation         forward outside of lanes, where a long sequence is cut into chunks
//   ..._evaluate       the halves of a sweep over one stretch (the sequence, or a window of it):
//   ..._solve          cell and Jacobian, and the linear recurrence; `lane` inside a lane, `free`
//                      outside; on one thread, of a single sequence
// `spread` is the largest of the first three's interquartile ranges, as a share of its median.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "harness/throughput/solver_study.h"
#include "longhaul/ops.h"
#include "longhaul/rng.h"
#include "math/parallel.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/product.h"
#include "math/recurrence/recurrence.h"
#include "math/recurrence/sweep.h"
#include "support/clock.h"
#include "support/number_text.h"
#include "support/statistics.h"

namespace {
using namespace longhaul;

constexpr int64_t kLanes = 8;         // of a training step, by default
constexpr int64_t kValues = 1 << 22;  // of its states, at most
constexpr double kRho = 0.6;

struct Size {
  Cell cell;
  int64_t block, width, length, batch;
};

Tensor noise(const Shape& shape, const char* purpose, double deviation) {
  Tensor x = Tensor::empty(shape);
  Rng rng(0, purpose);
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(deviation * rng.normal());
  x.set_needs_grad(true);
  return x;
}

class Problem {
 public:
  explicit Problem(const Size& size)
      : u_(noise({size.batch, size.length, gates_of(size.cell) * size.width}, "solver map inputs",
                 0.5)),
        R_(matrices(size)) {
    const int64_t lanes = std::min(size.batch, kLanes), share = size.batch / lanes;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      lanes_.push_back({slice(u_, 0, lane * share, (lane + 1) * share), R_.clone()});
      lanes_.back().u.set_needs_grad(true);
      lanes_.back().R.set_needs_grad(true);
    }
  }

  Tensor run(const RecurrenceSpec& spec, SolverReport* report = nullptr) const {
    return nonlinear_recurrence(u_, R_, spec, report);
  }
  void run_lanes(const RecurrenceSpec& spec) {
    each_lane([&](Lane& lane) { nonlinear_recurrence(lane.u, lane.R, spec, &lane.report); });
  }
  void train(const RecurrenceSpec& spec) {
    each_lane([&](Lane& lane) {
      Tape tape;
      const Tensor h = nonlinear_recurrence(lane.u, lane.R, spec);
      std::fill_n(h.grad_target().data, h.size(), 1.0f);
      Tensor loss(Shape{});
      loss.set_needs_grad(true);
      tape.backward(loss);
      lane.u.drop_grad();
      lane.R.drop_grad();
    });
  }
  // Of the lanes that ran last, on average.
  double sweeps() const {
    double sum = 0;
    for (const Lane& lane : lanes_) sum += lane.report.iterations;
    return sum / static_cast<double>(lanes_.size());
  }
  Recurrence stretch(const RecurrenceSpec& spec) const {
    const int64_t T = spec.window ? std::min(spec.window, u_.dim(1)) : u_.dim(1);
    return {spec.cell, 1, T, R_.dim(1) * R_.dim(2), R_.dim(0), R_.dim(2), u_.data(), R_.data()};
  }

 private:
  struct Lane {
    Tensor u, R;
    SolverReport report = {};
  };
  static Tensor matrices(const Size& size) {
    const int64_t block = size.block ? size.block : size.width;
    return noise({gates_of(size.cell), size.width / block, block, block}, "solver map matrices",
                 kRho / std::sqrt(static_cast<double>(block)));
  }
  template <class Body>
  void each_lane(Body body) {
    const Tensor& u = lanes_[0].u;
    for_lanes(static_cast<int64_t>(lanes_.size()), u.dim(0) * u.dim(1),
              [&](int64_t lane) { body(lanes_[static_cast<std::size_t>(lane)]); });
  }

  Tensor u_, R_;
  std::vector<Lane> lanes_;
};

template <class Body>
double milliseconds(Body body) {
  const Stopwatch watch;
  body();
  return 1e3 * watch.seconds();
}

// What several runs took.
class Times {
 public:
  void add(double milliseconds) { all_.push_back(milliseconds); }
  double middle() const { return median(all_); }
  double spread() const { return (quantile(all_, 0.75) - quantile(all_, 0.25)) / middle(); }

 private:
  std::vector<double> all_;
};

// One solver on so many threads.
struct Way {
  RecurrenceSpec spec;
  int threads;
  Times forward = {}, training = {}, evaluation = {};
  double sweeps = 0, error = 0;
  bool converged = true;

  void check(Problem& problem, const Tensor& exact) {
    const Threads scope(threads);
    SolverReport report;
    error = largest_difference(problem.run(spec, &report), exact);
    converged = report.converged;
    problem.run_lanes(spec);
    sweeps = problem.sweeps();
    problem.train(spec);  // its memory is there then
  }
  void time(Problem& problem) {
    const Threads scope(threads);
    forward.add(milliseconds([&] { problem.run_lanes(spec); }));
    training.add(milliseconds([&] { problem.train(spec); }));
    evaluation.add(milliseconds([&] { problem.run(spec); }));
  }
};

// The halves of a sweep on one thread, as they follow each other.
struct Halves {
  Times evaluate, solve;

  Halves(const Problem& problem, const RecurrenceSpec& spec, int repetitions) {
    const Threads one(1);
    const FlushDenormals flush;
    const Recurrence r = problem.stretch(spec);
    const BlockProduct product(r, false);
    const Tensor value = Tensor::empty({r.T, r.N}),
                 kept = Tensor::empty({kept_of(r.cell), r.T, r.N});
    const Tensor iterates[2] = {Tensor({r.T + 1, r.N}), Tensor({r.T + 1, r.N})};
    Sweep sweep(r, spec, product, {value.data(), nullptr, kept.data(), r.plane()}, r.plane());
    for (int i = 0; i < 3 + repetitions; ++i) {
      const float* now = iterates[i % 2].data() + r.N;
      float* next = iterates[(i + 1) % 2].data() + r.N;
      evaluate.add(milliseconds([&] { sweep.evaluate(now); }));
      solve.add(milliseconds([&] { sweep.solve(now, next); }));
    }
  }
};

void print(const Size& size, const Problem& problem, const Way& way, int repetitions) {
  const RecurrenceSpec& spec = way.spec;
  const double spread =
      std::max({way.forward.spread(), way.training.spread(), way.evaluation.spread()});
  std::printf("%s,%lld,%lld,%lld,%lld,%d,%s,%lld,%.4g,%d,%.1e,%.4g,%.4g,%.4g,%.2f,",
              cell_name(size.cell), static_cast<long long>(size.block),
              static_cast<long long>(size.width), static_cast<long long>(size.length),
              static_cast<long long>(size.batch), way.threads, solver_name(spec.solver),
              static_cast<long long>(spec.window), way.sweeps, way.converged, way.error,
              way.forward.middle(), way.training.middle(), way.evaluation.middle(), spread);
  if (spec.is_parallel() && way.threads == 1 && size.batch == 1) {
    const Halves outside(problem, spec, repetitions);
    const LaneScope lane;
    const Halves inside(problem, spec, repetitions);
    std::printf("%.4g,%.4g,%.4g,%.4g\n", inside.evaluate.middle(), inside.solve.middle(),
                outside.evaluate.middle(), outside.solve.middle());
  } else {
    std::puts(",,,");
  }
  std::fflush(stdout);
}

std::vector<Way> ways(const Size& size) {
  std::vector<RecurrenceSpec> specs = {{.solver = Solver::sequential}, {.solver = Solver::newton}};
  for (const int64_t window : {256, 4096})
    if (window < size.length) specs.push_back({.solver = Solver::newton, .window = window});
  // Of a diagonal R it is newton.
  if (size.block != 1) specs.push_back({.solver = Solver::quasi_newton});
  std::vector<Way> all;
  for (RecurrenceSpec& spec : specs) {
    spec.cell = size.cell;
    for (const int threads : {1, 2}) all.push_back({spec, threads});
  }
  return all;
}

void measure(const Size& size, int repetitions) {
  Problem problem(size);
  std::vector<Way> all = ways(size);
  const Tensor exact = problem.run(all[0].spec);
  for (Way& way : all) way.check(problem, exact);
  for (int i = 0; i < repetitions; ++i)
    for (Way& way : all) way.time(problem);
  for (const Way& way : all) print(size, problem, way, repetitions);
}

void map(Cell cell, int repetitions, int64_t positions) {
  std::puts(
      "cell,block,width,length,batch,threads,solver,window,sweeps,converged,error,forward_ms,"
      "training_ms,evaluation_ms,spread,lane_evaluate_ms,lane_solve_ms,free_evaluate_ms,"
      "free_solve_ms");
  for (const int64_t block : {1, 0})
    for (const int64_t width : {1, 4, 16, 64})
      for (const int64_t batch : {1, 8, 64})
        for (const int64_t length : {1024, 4096, 16384, 65536})
          if ((block == 1 || width > 1) && length * batch <= positions &&
              length * batch * width <= kValues)
            measure({cell, block, width, length, batch}, repetitions);
}

}  // namespace

int main(int argc, char** argv) {
  int repetitions = 7, positions = 1 << 17;
  const bool is_read = argc > 1 && argc < 5 &&
                       (argc < 3 || (read_number(argv[2], repetitions) && repetitions > 0)) &&
                       (argc < 4 || read_number(argv[3], positions));
  if (is_read && std::strcmp(argv[1], "tanh") == 0)
    map(Cell::tanh, repetitions, positions);
  else if (is_read && std::strcmp(argv[1], "gru") == 0)
    map(Cell::gru, repetitions, positions);
  else
    return std::fputs("usage: longhaul_solver_map tanh|gru [REPETITIONS [POSITIONS]]\n", stderr), 2;
}

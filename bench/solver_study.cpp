// Prints solver.csv (harness/throughput/solver_study.h) for one of two tables:
//
//   sweeps [seeds]: how many each solver needs at each radius and length; tanh, width 16, dense
//
//   speed [threads]: seconds of loop and newton by cell, width and length, diagonal and dense
//
// or, as a table of its own,
//
//   m2rnn [repetitions]: a sequence of m2rnn on one thread, four heads of 16, by loop and by solver
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "harness/throughput/solver_study.h"
#include "longhaul/recurrences.h"
#include "longhaul/rng.h"
#include "math/parallel.h"
#include "support/clock.h"
#include "support/number_text.h"
#include "support/statistics.h"

namespace {
using namespace longhaul;

void print(const std::vector<SolverRow>& rows, bool& headed) {
  const std::string csv = solver_study_csv(rows);
  std::fputs(csv.c_str() + (headed ? csv.find('\n') + 1 : 0), stdout);
  std::fflush(stdout);
  headed = true;
}

void sweeps(int seeds) {
  bool headed = false;
  SolverStudy study;
  study.solvers = {Solver::fixed_a, Solver::first_order, Solver::newton, Solver::quasi_newton,
                   Solver::jacobi,  Solver::picard,      Solver::elk};
  study.rest.repetitions = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    study.rest.seed = static_cast<uint64_t>(seed);
    study.rhos = {0.3, 0.6, 0.9};
    study.lengths = {64, 1024, 4096};
    study.rest.max_iterations = 1500;
    print(study_solvers(study), headed);
    study.rhos = {1.2, 2.0};
    study.lengths = {256};
    print(study_solvers(study), headed);
  }
}

void speed(int threads) {
  bool headed = false;
  SolverStudy study;
  study.threads = {threads};
  study.rest.clip = 1;
  study.rest.max_iterations = 50;
  for (Cell cell : {Cell::tanh, Cell::gru, Cell::lstm})
    for (int64_t block : {1, 0}) {
      study.cells = {cell};
      study.rest.block = block;
      study.widths = block ? std::vector<int64_t>{1, 4, 16} : std::vector<int64_t>{2, 4, 16, 64};
      study.lengths = block ? std::vector<int64_t>{1024, 4096, 65536} : std::vector<int64_t>{4096};
      print(study_solvers(study), headed);
    }
}

// Inputs normal with deviation 0.5, gates from 0.73 to 0.98 as a fresh m2rnn has them, W normal
// with deviation rho / 4.
struct M2Rnn {
  static constexpr int64_t kHeads = 4, kWidth = 16;
  Tensor q, k, v, f, w;

  M2Rnn(int64_t T, double rho)
      : q(noise({1, T, kHeads * kWidth}, 1, 0.5)),
        k(noise({1, T, kHeads * kWidth}, 2, 0.5)),
        v(noise({1, T, kHeads * kWidth}, 3, 0.5)),
        f({1, T, kHeads}),
        w(noise({kHeads, kWidth, kWidth}, 4, rho / 4)) {
    for (int64_t i = 0; i < f.size(); ++i)
      f.data()[i] = 0.73f + 0.25f * static_cast<float>(i % kHeads) / 3;
  }
  static Tensor noise(const Shape& shape, uint64_t seed, double deviation) {
    Tensor x = Tensor::empty(shape);
    Rng rng(seed, "m2rnn study");
    for (int64_t i = 0; i < x.size(); ++i)
      x.data()[i] = static_cast<float>(deviation * rng.normal());
    return x;
  }
  Tensor run(const RecurrenceSpec& spec, SolverReport* report = nullptr) const {
    return m2rnn_recurrence(q, k, v, f, w, kHeads, spec, report);
  }
  double seconds(const RecurrenceSpec& spec) const {
    const Stopwatch watch;
    run(spec);
    return watch.seconds();
  }
};

void m2rnn(int repetitions) {
  const LaneScope lane;
  std::puts("rho,length,solver,window,sweeps,converged,error,loop_ms,solver_ms,speedup");
  for (const double rho : {0.6, 1.0, 2.0})
    for (const int64_t T : {256, 1024, 4096})
      for (const RecurrenceSpec& spec :
           {RecurrenceSpec{.solver = Solver::newton},
            RecurrenceSpec{.solver = Solver::newton, .window = 64},
            RecurrenceSpec{.solver = Solver::clip_elk, .max_iterations = 200}}) {
        const M2Rnn study(T, rho);
        SolverReport report;
        const Tensor found = study.run(spec, &report), exact = study.run({});
        double error = 0;
        for (int64_t i = 0; i < found.size(); ++i)
          error = std::max(error, std::abs(double{found.data()[i]} - double{exact.data()[i]}));
        std::vector<double> loop, solver;  // in turns, so that a neighbour's noise meets both
        for (int i = 0; i < repetitions; ++i) {
          loop.push_back(study.seconds({}));
          solver.push_back(study.seconds(spec));
        }
        std::printf("%g,%lld,%s,%lld,%d,%d,%.2g,%.3f,%.3f,%.3f\n", rho, static_cast<long long>(T),
                    solver_name(spec.solver), static_cast<long long>(spec.window),
                    report.iterations, report.converged, error, 1e3 * median(loop),
                    1e3 * median(solver), median(loop) / median(solver));
        std::fflush(stdout);
      }
}

}  // namespace

int main(int argc, char** argv) {
  int count = 1;
  const bool is_read = argc < 3 || (read_number(argv[2], count) && count > 0);
  if (is_read && argc > 1 && std::strcmp(argv[1], "sweeps") == 0)
    sweeps(count);
  else if (is_read && argc > 1 && std::strcmp(argv[1], "speed") == 0)
    speed(count);
  else if (is_read && argc > 1 && std::strcmp(argv[1], "m2rnn") == 0)
    m2rnn(argc > 2 ? count : 9);
  else
    return std::fputs(
               "usage: longhaul_solver_study sweeps [SEEDS] | speed [THREADS] | m2rnn "
               "[REPETITIONS]\n",
               stderr),
           2;
}

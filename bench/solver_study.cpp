// Prints solver.csv (harness/throughput/solver_study.h) for one of two tables:
//
//   sweeps [seeds]: how many each solver needs at each radius and length; tanh, width 16, dense
//
//   speed [threads]: seconds of loop and newton by cell, width and length, diagonal and dense
#include <cstdio>
#include <cstring>

#include "harness/throughput/solver_study.h"
#include "support/number_text.h"

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

}  // namespace

int main(int argc, char** argv) {
  int count = 1;
  const bool is_read = argc < 3 || (read_number(argv[2], count) && count > 0);
  if (is_read && argc > 1 && std::strcmp(argv[1], "sweeps") == 0)
    sweeps(count);
  else if (is_read && argc > 1 && std::strcmp(argv[1], "speed") == 0)
    speed(count);
  else
    return std::fputs("usage: longhaul_solver_study sweeps [SEEDS] | speed [THREADS]\n", stderr), 2;
}

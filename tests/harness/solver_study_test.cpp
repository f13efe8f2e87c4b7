#include "harness/train/solver_study.h"
#include "math/parallel.h"
#include "tests/support/catch.h"

using namespace longhaul;

namespace {

SolverCase small() {
  SolverCase c;
  c.length = 200;
  c.width = 4;
  c.repetitions = 0;
  return c;
}

}  // namespace

TEST_CASE("a solver's errors are measured against the loop", "[solver_study]") {
  for (Cell cell : {Cell::tanh, Cell::gru, Cell::lstm}) {
    SolverCase c = small();
    c.cell = cell;
    const SolverRow row = measure_solver(c);
    INFO(cell_name(cell));
    CHECK(row.report.converged);
    CHECK(row.prefix_exact);
    CHECK(row.output_error < 1e-5);
    CHECK(row.gradient_error < 1e-4);
    CHECK(row.depth_sequential == 200);
    CHECK(row.depth_parallel == row.report.iterations * 16);
    CHECK_FALSE(row.speedup);  // nothing was timed
  }
}

TEST_CASE("a speed-up is withheld where the errors do not pass", "[solver_study]") {
  SolverCase c = small();
  c.repetitions = 1;
  CHECK(measure_solver(c).speedup);
  c.max_iterations = 1;
  const SolverRow row = measure_solver(c);
  CHECK_FALSE(row.report.converged);
  CHECK(row.output_error > kOutputErrorAllowed);
  CHECK(row.seconds_parallel > 0);
  CHECK_FALSE(row.speedup);
}

TEST_CASE("elk gives up the exact prefix, the others do not", "[solver_study]") {
  SolverCase c = small();
  c.rho = 1.5;
  c.solver = Solver::fixed_a;
  CHECK(measure_solver(c).prefix_exact);
  c.solver = Solver::elk;
  CHECK_FALSE(measure_solver(c).prefix_exact);
}

TEST_CASE(
    "a study measures every combination, leaves the threads as they were, and its CSV has the "
    "columns of solver.csv first",
    "[solver_study]") {
  SolverStudy study;
  study.rest = small();
  study.lengths = {3, 50};
  study.threads = {1, 2};
  study.solvers = {Solver::newton, Solver::jacobi};
  const int before = threads();
  const std::vector<SolverRow> rows = study_solvers(study);
  CHECK(threads() == before);
  REQUIRE(rows.size() == 8);
  CHECK(rows[1].of.solver == Solver::jacobi);
  CHECK(rows[7].of.length == 50);
  const std::string csv = solver_study_csv(rows);
  CHECK(
      csv.starts_with("model,solver,length,iterations,residual,unconverged_fraction,output_error,"
                      "gradient_error,seconds_sequential,seconds_parallel,speedup,"
                      "depth_sequential,depth_parallel,threads,"));
  CHECK(csv.find("\nrnn-tanh,jacobi,50,") != std::string::npos);
}


#include <cmath>
#include <limits>

#include "core/builtins.h"
#include "harness/throughput/solver_rows.h"
#include "harness/throughput/solver_study.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

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
  for (Cell cell : {Cell::tanh, Cell::gru, Cell::lstm, Cell::cifg}) {
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

namespace {

TrialSpec timed_rnn(int64_t width, int64_t block) {
  TrialSpec spec;
  spec.model_name = spec.model = "rnn";
  spec.settings.d_model = width;
  spec.model_options = {{"cell", std::string("tanh")},
                        {"solver", std::string("auto")},
                        {"rho", 0.6},
                        {"block", block},
                        {"tolerance", 1e-6},
                        {"max_iterations", int64_t{100}},
                        {"iterate_clip", 1.0}};
  return spec;
}

std::vector<SolverRecord> measure(const TrialSpec& spec, const std::vector<int64_t>& lengths,
                                  const std::vector<SolverRecord>& kept, int& measured) {
  ThroughputPlan plan;
  plan.lengths = lengths;
  plan.repetitions = 1;
  measured = 0;
  Registry registry;
  register_builtins(registry);
  return measure_solvers(
      {spec}, registry, plan, 1, kept,
      [&](const auto&, const std::string& doing) { measured += !doing.empty(); });
}

}  // namespace

TEST_CASE("the throughput phase measures newton for a loop, keeps rows and leaves out dear ones",
          "[solver_study]") {
  int measured = 0;
  const std::vector<SolverRecord> first = measure(timed_rnn(4, 1), {32}, {}, measured);
  REQUIRE(first.size() == 1);
  CHECK(measured == 1);
  CHECK(first[0].solver == "newton");
  CHECK(first[0].width == 4);
  CHECK(first[0].speedup);
  CHECK(first[0].depth_parallel == first[0].iterations * 10);

  const std::vector<SolverRecord> longer = measure(timed_rnn(4, 1), {32, 64}, first, measured);
  CHECK(measured == 1);
  CHECK(longer[0].seconds_parallel == first[0].seconds_parallel);

  const std::vector<SolverRecord> dense = measure(timed_rnn(1024, 0), {16}, {}, measured);
  CHECK(measured == 0);
  CHECK(dense[0].left_out.find("multiply-adds") != std::string::npos);
}

TEST_CASE("what the throughput phase found of solvers is the same when read again",
          "[solver_study]") {
  const TemporaryFolder folder;
  CHECK(read_solvers(folder.path).empty());
  SolverRecord row;
  row.model = "gru";
  row.solver = "elk";
  row.length = 256;
  row.residual = std::numeric_limits<double>::infinity();
  row.seconds_parallel = 0.5;
  SolverRecord fast = row;
  fast.residual = 1e-7;
  fast.speedup = 1.5;
  write_solvers(folder.path, {row, fast});
  const std::vector<SolverRecord> again = read_solvers(folder.path);
  REQUIRE(again.size() == 2);
  CHECK(std::isnan(again[0].residual));
  CHECK_FALSE(again[0].speedup);
  CHECK(again[1].length == 256);
  CHECK(again[1].residual == 1e-7);
  CHECK(again[1].speedup == 1.5);
}

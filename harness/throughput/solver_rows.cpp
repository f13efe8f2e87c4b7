#include "harness/throughput/solver_rows.h"

#include <algorithm>

#include "harness/throughput/solver_study.h"
#include "longhaul/error.h"
#include "math/recurrence/cell.h"

namespace longhaul {
namespace {

SolverCase case_of(const TrialSpec& spec, const Registry& registry, const ThroughputPlan& plan,
                   int threads) {
  Options options(spec.model_options);
  const StudiedRecurrence studied =
      registry.model(spec.model).recurrence(options, spec.settings.d_model);
  SolverCase c;
  c.cell = studied.spec.cell;
  c.solver = studied.spec.solver;
  if (!studied.spec.is_parallel()) c.solver = Solver::newton;
  c.rho = studied.rho;
  c.width = studied.width;
  c.block = studied.block;
  c.threads = threads;
  c.tolerance = studied.spec.tolerance;
  c.max_iterations = studied.spec.max_iterations;
  c.clip = studied.spec.clip;
  c.damping = studied.spec.damping;
  c.start = studied.spec.start;
  c.window = studied.spec.window;
  c.repetitions = static_cast<int>(plan.repetitions);
  return c;
}

// Of a scan whose steps multiply M by M, blocks as wide as those of the state: (h, c) of an lstm
// doubles them.
int64_t sweep_products(const SolverCase& c) {
  const bool full =
      c.solver == Solver::newton || c.solver == Solver::first_order || c.solver == Solver::fixed_a;
  const int64_t parts = planes_of(c.cell);
  const int64_t block = parts * (full ? (c.block ? c.block : c.width) : 1);
  return c.length * parts * c.width * block * block;
}

SolverRecord planned(const TrialSpec& spec, const SolverCase& c) {
  SolverRecord row;
  row.model = spec.model_name;
  row.model_id = spec.exact_id();
  row.solver = solver_name(c.solver);
  row.length = c.length;
  row.width = c.width;
  row.threads = c.threads;
  return row;
}

void fill(SolverRecord& row, const SolverRow& measured) {
  row.iterations = measured.report.iterations;
  row.residual = measured.report.residual;
  row.unconverged_fraction = measured.report.unconverged_fraction;
  row.output_error = measured.output_error;
  row.gradient_error = measured.gradient_error;
  row.seconds_sequential = measured.seconds_sequential;
  row.seconds_parallel = measured.seconds_parallel;
  row.speedup = measured.speedup;
  row.depth_sequential = measured.depth_sequential;
  row.depth_parallel = measured.depth_parallel;
}

bool is_same(const SolverRecord& a, const SolverRecord& b) {
  return a.model == b.model && a.model_id == b.model_id && a.length == b.length &&
         a.threads == b.threads;
}

}  // namespace

std::vector<SolverRecord> measure_solvers(const std::vector<TrialSpec>& models,
                                          const Registry& registry, const ThroughputPlan& plan,
                                          int threads, const std::vector<SolverRecord>& kept,
                                          const SolverProgress& report) {
  std::vector<SolverRecord> rows;
  for (const TrialSpec& spec : models) {
    SolverCase c = case_of(spec, registry, plan, threads);
    for (const int64_t length : plan.lengths) {
      c.length = length;
      SolverRecord row = planned(spec, c);
      const auto known = std::find_if(kept.begin(), kept.end(),
                                      [&](const SolverRecord& old) { return is_same(old, row); });
      if (known != kept.end()) {
        row = *known;
      } else if (sweep_products(c) > kSweepAllowed) {
        row.left_out = text(sweep_products(c), " multiply-adds a sweep, more than ", kSweepAllowed);
      } else {
        report(rows, text("solver ", row.solver, " of ", row.model, ", length ", length));
        fill(row, measure_solver(c));
      }
      rows.push_back(std::move(row));
    }
  }
  report(rows, "");
  return rows;
}

}  // namespace longhaul

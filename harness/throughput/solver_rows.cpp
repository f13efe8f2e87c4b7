#include "harness/throughput/solver_rows.h"

#include <algorithm>
#include <initializer_list>

#include "harness/throughput/solver_study.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

template <class Value>
Value option(const TrialSpec& spec, const char* name) {
  return std::get<Value>(spec.model_options.at(name));
}

template <class Enum>
Enum named(const std::string& name, std::initializer_list<Enum> all, const char* (*name_of)(Enum)) {
  return *std::find_if(all.begin(), all.end(), [&](Enum value) { return name == name_of(value); });
}

SolverCase case_of(const TrialSpec& spec, const ThroughputPlan& plan, int threads) {
  SolverCase c;
  c.cell = named(option<std::string>(spec, "cell"), {Cell::tanh, Cell::gru, Cell::lstm}, cell_name);
  c.solver =
      named(option<std::string>(spec, "solver"),
            {Solver::sequential, Solver::newton, Solver::quasi_newton, Solver::first_order,
             Solver::fixed_a, Solver::picard, Solver::jacobi, Solver::elk, Solver::automatic},
            solver_name);
  if (c.solver == Solver::sequential || c.solver == Solver::automatic) c.solver = Solver::newton;
  c.rho = option<double>(spec, "rho");
  c.width = spec.settings.d_model;
  c.block = option<int64_t>(spec, "block");
  c.threads = threads;
  c.tolerance = option<double>(spec, "tolerance");
  c.max_iterations = static_cast<int>(option<int64_t>(spec, "max_iterations"));
  c.clip = option<double>(spec, "iterate_clip");
  c.repetitions = static_cast<int>(plan.repetitions);
  return c;
}

// Of a scan whose steps multiply M by M, blocks as wide as those of the state: (h, c) of an lstm
// doubles them.
int64_t sweep_products(const SolverCase& c) {
  const bool full =
      c.solver == Solver::newton || c.solver == Solver::first_order || c.solver == Solver::fixed_a;
  const int64_t parts = c.cell == Cell::lstm ? 2 : 1;
  const int64_t block = parts * (full ? (c.block ? c.block : c.width) : 1);
  return c.length * parts * c.width * block * block;
}

SolverRecord planned(const TrialSpec& spec, const SolverCase& c) {
  SolverRecord row;
  row.model = spec.model_name;
  row.model_id = spec.id();
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
                                          const ThroughputPlan& plan, int threads,
                                          const std::vector<SolverRecord>& kept,
                                          const SolverProgress& report) {
  std::vector<SolverRecord> rows;
  for (const TrialSpec& spec : models) {
    SolverCase c = case_of(spec, plan, threads);
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

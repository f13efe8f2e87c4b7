#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longhaul {

// What a parallel solver of a nonlinear recurrence did at one length and width, against the loop
// over time: a row of solver.csv that the throughput phase measures.
struct SolverRecord {
  std::string model;
  std::string model_id;  // as in ThroughputRow
  std::string solver;
  int64_t length = 0, width = 0, threads = 1;
  std::string left_out;  // why nothing was measured; then no number below is one

  int64_t iterations = 0;
  double residual = 0, unconverged_fraction = 0;
  double output_error = 0, gradient_error = 0;  // harness/throughput/solver_study.h
  double seconds_sequential = 0, seconds_parallel = 0;
  std::optional<double> speedup;  // only where the errors pass
  int64_t depth_sequential = 0, depth_parallel = 0;
};

// solvers.json of a results folder, replaced at once. No file: no rows. Throws Error naming a file
// that is damaged.
std::vector<SolverRecord> read_solvers(const std::filesystem::path& dir);
void write_solvers(const std::filesystem::path& dir, const std::vector<SolverRecord>& rows);

}  // namespace longhaul

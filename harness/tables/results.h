#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/results/store.h"
#include "harness/throughput/profile_record.h"
#include "harness/throughput/solver_record.h"
#include "harness/throughput/throughput_record.h"

namespace longhaul {

// All that a results folder holds.
struct Results {
  std::vector<Trial> trials;
  std::vector<Trial> tuning = {};         // that chose settings, and were not tested
  std::vector<ThroughputRow> throughput;  // those that the suite plans
  std::vector<SolverRecord> solvers;      // measured beside it
  std::vector<ProfileRow> profile = {};   // by longhaul throughput --profile
  std::vector<std::string> problems;      // damaged files, a line each
};

// The metrics that its suite asks for, and where each is better; neither where no trial says so.
std::map<std::string, Better> asked_metrics(const Results& results);

// Reads a results folder: its trials (load_trials) and what was measured beside them; or one that
// holds a results.csv alone, as `longhaul export` writes it. Throws Error if `dir` is neither.
Results load_results(const std::filesystem::path& dir);

}  // namespace longhaul

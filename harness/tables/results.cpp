#include "harness/tables/results.h"

#include "longhaul/error.h"

namespace longhaul {

Results load_results(const std::filesystem::path& dir) {
  StoredTrials stored = load_trials(dir);
  Results results;
  results.trials = std::move(stored.trials);
  results.tuning = std::move(stored.tuning);
  results.problems = std::move(stored.problems);
  try {
    results.throughput = read_throughput(dir);
    results.solvers = read_solvers(dir);
  } catch (const Error& error) {
    results.problems.push_back(error.what());
  }
  std::erase_if(results.throughput, [](const ThroughputRow& row) { return !row.planned; });
  return results;
}

}  // namespace longhaul

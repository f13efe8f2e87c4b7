#include "harness/tables/results.h"

#include "harness/tables/results_from_csv.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// Whether the folder holds exported results alone, as results/reference/ does.
bool is_exported(const fs::path& dir) {
  for (const char* content : {"trials", "order.json", "throughput.json", "profile.json"})
    if (fs::exists(dir / content)) return false;
  return fs::exists(dir / "results.csv");
}

}  // namespace

std::map<std::string, Better> asked_metrics(const Results& results) {
  std::map<std::string, Better> metrics;
  for (const std::vector<Trial>* trials : {&results.trials, &results.tuning})
    for (const Trial& trial : *trials) {
      for (const std::string& name : trial.spec.metrics) metrics.emplace(name, Better::neither);
      if (trial.record)
        for (const auto& [name, better] : trial.record->metrics) metrics[name] = better;
    }
  return metrics;
}

Results load_results(const std::filesystem::path& dir) {
  if (is_exported(dir)) return results_from_csv(dir / "results.csv");
  StoredTrials stored = load_trials(dir);
  Results results;
  results.trials = std::move(stored.trials);
  results.tuning = std::move(stored.tuning);
  results.problems = std::move(stored.problems);
  try {
    results.throughput = read_throughput(dir);
    results.solvers = read_solvers(dir);
    results.profile = read_profile(dir);
  } catch (const Error& error) {
    results.problems.push_back(error.what());
  }
  std::erase_if(results.throughput, [](const ThroughputRow& row) { return !row.planned; });
  return results;
}

}  // namespace longhaul

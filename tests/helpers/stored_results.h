#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "harness/results/store.h"
#include "support/file.h"
#include "tests/helpers/made_up_results.h"

namespace longhaul {

// Leaves a results folder of one model on one task, mqar; seeds with the score 0 wait.
inline void leave_results(const std::filesystem::path& dir,
                          const std::vector<std::pair<uint64_t, double>>& seeds,
                          int64_t d_model = 64) {
  std::vector<TrialSpec> specs;
  for (const auto& [seed, score] : seeds) {
    Trial trial = made_up_trial("lru", "mqar", seed, score);
    trial.spec.settings.d_model = d_model;
    specs.push_back(trial.spec);
    const std::filesystem::path folder = dir / "trials" / trial.spec.id();
    std::filesystem::create_directories(folder);
    write_atomically(folder / "spec.json", to_json(trial.spec).dump());
    write_atomically(folder / "curve.csv", "step,split,metric,value\n");
    if (score > 0) write_record(folder, *trial.record);
  }
  write_order(dir, specs);
  write_atomically(dir / "suite.yaml", "suite: made up\n");
}

}  // namespace longhaul

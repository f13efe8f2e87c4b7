#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "harness/plan/calibration.h"

namespace longhaul {

// Calibrations of this machine on disk, a file each. They hold for one processor, version and
// build, number of threads, and number of trials that ran beside.
class CalibrationCache {
 public:
  // An empty `folder` keeps nothing.
  CalibrationCache(std::filesystem::path folder, int threads, int64_t at_once);

  // Nothing if there is none, or if its file is damaged or of another machine.
  std::optional<Calibration> find(const TrialSpec& spec) const;
  // Only of models that work or are unsupported: what has failed may be mended. A folder that
  // cannot be written costs the next plan its time, and nothing else.
  void keep(const TrialSpec& spec, const Calibration& calibration) const;

 private:
  nlohmann::json key_of(const TrialSpec& spec) const;
  std::filesystem::path file_of(const nlohmann::json& key) const;

  std::filesystem::path folder_;
  int threads_;
  int64_t at_once_;
};

// Bytes that a trial on so many threads will hold, as a plan made on this machine has foretold; 0
// where there is none.
double foretold_memory(const TrialSpec& spec, int threads);

// $XDG_CACHE_HOME/longhaul/plan, or ~/.cache/longhaul/plan; empty where neither is known.
std::filesystem::path plan_cache_folder();

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/plan/calibration_cache.h"
#include "longhaul/error.h"

namespace longhaul {

struct CalibrationOptions {
  int threads = 1;
  int64_t at_once = 1;  // trials that will run at once
  std::filesystem::path cache;
  // Called as: worker trial SPEC.json --out DIR --threads N --calibrate
  std::filesystem::path worker = "/proc/self/exe";
};

// By Ctrl-C, SIGTERM or SIGHUP.
class Interrupted : public Error {
 public:
  using Error::Error;
};

// Hears how many are done, of those that the cache did not have.
using CalibrationProgress = std::function<void(int64_t done, int64_t total)>;

// Calibrates each of `specs`, made by calibration_spec(), that the cache lacks: in a process of its
// own, so that a crash costs one and that memory is the trial's own, with as many processes at work
// all the time as trials will run. Throws Interrupted on Ctrl-C, and MachineFault
// (support/exit_status.h) for a fault that would meet every other one too.
std::vector<Calibration> calibrate_all(const std::vector<TrialSpec>& specs,
                                       const CalibrationOptions& options,
                                       const CalibrationProgress& report);

}  // namespace longhaul

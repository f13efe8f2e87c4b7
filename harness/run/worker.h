#pragma once

#include <filesystem>
#include <stop_token>

#include "harness/results/record.h"
#include "harness/run/runner.h"
#include "harness/train/trial.h"

namespace longhaul {

// What came of a trial in a process of its own.
struct Attempt {
  TrialRecord record;
  bool recorded;  // by the process itself; else made from how it ended and its last words
};

// Runs the trial whose spec.json stands in `dir` as a child of this process and waits for its end.
// What an earlier attempt left is removed, its log aside. Throws std::runtime_error for a fault
// that would meet every other trial too: a disk that is full, a program that cannot be started.
Attempt attempt_trial(const std::filesystem::path& dir, const RunOptions& options,
                      std::stop_token stop);

// How far the trial in `dir` is; one that has not said anything yet is at its beginning.
Progress read_progress(const std::filesystem::path& dir);

}  // namespace longhaul

#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "harness/run/progress.h"
#include "harness/run/run_options.h"
#include "harness/settings/trial_spec.h"

namespace longhaul {

struct RunOutcome {
  int64_t trials = 0;
  int64_t kept = 0;                   // finished by an earlier run
  int64_t stale = 0;                  // of these, by another build of longhaul
  std::set<std::string> tried;        // by this run: ids
  std::vector<std::string> failures;  // one line each: which trial, what happened, where its log is
  std::vector<std::string> killed;    // likewise: those that a signal from outside ended
  std::vector<std::string> damaged;   // likewise: files, whose trials were run again
  bool interrupted = false;           // by Ctrl-C, SIGTERM or SIGHUP
  int64_t left_out = 0;               // trials that --only leaves out and nobody has finished
  int64_t detached = 0;               // trials that run on without this run
  int64_t waiting = 0;                // trials of it that wait for these
  std::string fault;                  // of the environment, which ended the run; empty if none
};

int exit_status(const RunOutcome& outcome);  // support/exit_status.h

// Runs the trials that `out`/trials does not hold yet, each in a process and a folder of its own,
// so that a crash costs one attempt and nothing else, and writes `suite_yaml` to `out`/suite.yaml.
// Every trial ends with a record.json, failed ones too; only one that was killed from outside, or
// whose pretraining was, has none, so that a further run does it. Interrupted or killed at any
// moment, it leaves only whole records behind and its children end with it; calling it again does
// the rest. Throws Error if another run is at work in `out`, and std::system_error if the folder
// cannot be written.
RunOutcome run_trials(const std::string& suite_yaml, const std::vector<TrialSpec>& specs,
                      const std::filesystem::path& out, const RunOptions& options,
                      ProgressDisplay& display);

}  // namespace longhaul

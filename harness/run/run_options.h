#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "harness/run/retry.h"
#include "harness/settings/trial_spec.h"
#include "harness/suite/engine.h"
#include "harness/suite/limits.h"
#include "harness/suite/only.h"

namespace longhaul {

struct RunOptions {
  int jobs = 0;     // trials at once; 0: as many as the cores allow at `threads` each
  int threads = 1;  // of each trial
  RetryPolicy retry;
  // Called as: worker trial SPEC.json --out DIR --threads N --checkpoint-seconds N --memory N
  std::filesystem::path worker = "/proc/self/exe";
  std::filesystem::path system = "/";  // holds proc/ and sys/, where the kernel counts
  // What failed, ran out of memory or of time is tried again; not what this run has tried already.
  bool retry_failed = false;
  std::set<std::string> tried = {};
  Only only = {};                  // the trials that this run does; the others stay as they are
  bool rerun_stale = false;        // what another build of longhaul found is found again
  Limits limits = {};              // of each attempt
  double checkpoint_seconds = 60;  // of each trial, between two files to resume from; 0: none
  Engine engine = {};
  // Bytes that a trial was foretold to hold, 0 where nothing is known. Without `jobs` and a limit
  // of memory, as many run at once as fit.
  std::function<double(const TrialSpec&)> planned_memory = {};
  bool detach = false;  // submit and leave: Slurm alone
  // Asked at Ctrl-C where trials can run on without this process: whether so many are to. None:
  // they are cancelled.
  std::function<bool(std::size_t)> may_leave = {};
};

}  // namespace longhaul

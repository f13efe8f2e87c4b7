#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/results/record.h"
#include "harness/run/run_options.h"
#include "harness/settings/trial_spec.h"

// What earlier runs left in the folders of trials, and what of it a run takes as it is.
namespace longhaul {

// Whether a trial ended without a result: tried again, it may have one.
bool is_failure(Status status);

// Takes back the records of pretrainings below `trials` that must be made again, because a trial
// waits for their weights, and of the trials that failed for want of them.
void revive(const std::vector<TrialSpec>& specs, const std::filesystem::path& trials,
            const RunOptions& options);

// What an earlier run found, if this run takes it as it is: the trial's files are what its record
// says. `damaged` receives a line for each file that is not.
std::optional<TrialRecord> kept_record(const TrialSpec& spec, const std::filesystem::path& dir,
                                       const RunOptions& options,
                                       std::vector<std::string>& damaged);

}  // namespace longhaul

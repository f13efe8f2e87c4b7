#pragma once

#include <filesystem>

#include "harness/run/progress.h"
#include "harness/suite/suite.h"
#include "harness/throughput/profile_record.h"

namespace longhaul {

// Measures what a suite's models cost, in its results folder `out`, alone there: throws Error if a
// run is at work in it. Rows are stored after every group, so that a run that was cut off goes on
// where it was. Rows that the suite does not ask for any more stay in the file, unplanned. Writes
// throughput.json and, when all is done, throughput.csv; solvers.json if there are rnn models.
std::vector<ThroughputRow> run_throughput(const Suite& suite, const Registry& registry,
                                          const std::filesystem::path& out, int threads,
                                          ProgressDisplay& display);

// Profiles the operators inside the steps of the suite's models (harness/throughput/profile.h), in
// `out` likewise. Writes profile.json and profile.csv in place of those before.
std::vector<ProfileRow> run_profile(const Suite& suite, const Registry& registry,
                                    const std::filesystem::path& out, int threads,
                                    ProgressDisplay& display);

}  // namespace longhaul

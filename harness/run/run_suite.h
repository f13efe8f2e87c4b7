#pragma once

#include <filesystem>

#include "harness/run/runner.h"
#include "harness/suite/suite.h"

namespace longhaul {

// Runs or resumes all that a suite asks for, in its results folder `out`: its trials, retried as it
// says, and once these are through what its models cost. Faults are those of run_trials().
RunOutcome run_suite(const Suite& suite, const Registry& registry, const std::filesystem::path& out,
                     RunOptions options, ProgressDisplay& display);

}  // namespace longhaul

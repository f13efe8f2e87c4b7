#pragma once

#include <filesystem>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"
#include "harness/run/runner.h"

namespace longhaul {

// A claim's folder: verdict.json, verdict.txt, numbers.csv and the CSV files that the numbers come
// from; run/ holds the suite's results folder.
struct ClaimOutcome {
  RunOutcome run;        // of its suite
  bool is_done = false;  // else interrupted or stopped by a fault: no verdict
  Verdict verdict;
};

// Runs or resumes what the claim asks for in `dir`, judges by its rule and writes the verdict.
// Trials that are finished there are kept; a measurement is made anew. Faults are those of
// run_trials().
ClaimOutcome run_claim(const Claim& claim, const Registry& registry,
                       const std::filesystem::path& dir, const RunOptions& options,
                       ProgressDisplay& display);

}  // namespace longhaul

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"
#include "harness/throughput/plan.h"
#include "harness/throughput/solver_record.h"
#include "longhaul/registry.h"

namespace longhaul {

// Multiply-adds of one sweep up to which a solver is measured.
constexpr int64_t kSweepAllowed = int64_t{1} << 33;

// Hears of the rows so far before each measurement, and of what comes next; at the end of all.
using SolverProgress = std::function<void(const std::vector<SolverRecord>&, const std::string&)>;

// Measures the solver of each of `models`, which have a recurrence (ModelInfo), at each of the
// plan's lengths, at batch 1 and the model's width, block and rho, on `threads` threads; newton for
// those whose solver is the loop or auto. Rows of `kept` are not measured again.
std::vector<SolverRecord> measure_solvers(const std::vector<TrialSpec>& models,
                                          const Registry& registry, const ThroughputPlan& plan,
                                          int threads, const std::vector<SolverRecord>& kept,
                                          const SolverProgress& report);

}  // namespace longhaul

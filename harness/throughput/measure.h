#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"
#include "harness/throughput/plan.h"

namespace longhaul {

// Hears of the rows so far before each group, all of them in their order, and at the end. `doing`
// says what comes next: "train, length 1024, batch 32".
struct ThroughputProgress {
  int64_t done = 0, total = 0;  // repetitions of all rows, those kept included
  std::string doing;
};
using ThroughputReport =
    std::function<void(const std::vector<ThroughputRow>&, const ThroughputProgress&)>;

// Times models in every phase and shape of the plan, on `threads` threads and with nothing beside.
//
// A group is a phase and a shape: every model of it is warmed up before any is timed; then they
// take turns, A B C A B C, once a repetition, so that a machine that slows down slows all alike.
// A third of the repetitions is taken in each of three passes over all groups: what disturbs the
// machine for a minute spoils no row's median, and shows in its spread. Each turn is a run of a
// Google Benchmark.
//
// `models` name what to time by model_name, model, model_options and settings. Rows of `kept` that
// are ok or unsupported keep the repetitions that they have. A model that cannot do
// a shape, or would need more memory than there is, is a row with its reason.
std::vector<ThroughputRow> measure_throughput(const std::vector<TrialSpec>& models,
                                              const Registry& registry, const ThroughputPlan& plan,
                                              int threads, const std::vector<ThroughputRow>& kept,
                                              const ThroughputReport& report);

}  // namespace longhaul

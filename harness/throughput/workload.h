#pragma once

#include <memory>

#include "harness/model/model.h"
#include "harness/throughput/plan.h"
#include "math/meter.h"

namespace longhaul {

// What a workload holds and does, apart from time.
struct WorkloadCost {
  int64_t parameter_bytes = 0;
  int64_t optimizer_bytes = 0;
  int64_t state_bytes = 0;       // of one sequence at the end of decoding
  int64_t activation_bytes = 0;  // highest during the last step
  double flops_per_token = 0;    // counted in the last step
};

// A model at one shape in one phase, with inputs, ready to be run step after step. The model
// stands on a neutral task (timed_task()), its inputs are random tokens.
class Workload {
 public:
  virtual ~Workload() = default;

  // Runs once and returns the seconds of a step: for decode, which runs the last positions of the
  // sequences, the mean of these.
  double run();
  // The same, and adds what each operator took to `profile`.
  double run(OperatorProfile& profile);
  const WorkloadCost& cost() const { return cost_; }

 protected:
  struct Step {
    double seconds = 0;
    int64_t tokens = 1;
  };
  // `measured` receives the operations, and has a profile where one is asked for.
  virtual Step step(Measurement& measured) = 0;

  WorkloadCost cost_;

 private:
  double run(Measurement& measured);
};

// `spec` names the model, its options and settings; its task does not matter. Throws Unsupported if
// the model declines the phase, Error if it cannot be built for the length.
std::unique_ptr<Workload> make_workload(const TrialSpec& spec, const Registry& registry,
                                        Phase phase, int64_t length, int64_t batch);

// 64 token ids, one answer of ten classes a sequence.
TaskShape timed_task(int64_t length);

}  // namespace longhaul

#pragma once

#include "harness/throughput/workload.h"

namespace longhaul {

// Bytes that a workload of this shape will take, foretold from two short lengths at batch 1: linear
// in the sequences that are worked on at once, a power of the length between 1 and 2 (0 and 2 in
// decode). Throws as make_workload() does.
double predict_bytes(const TrialSpec& spec, const Registry& registry, Phase phase, int64_t length,
                     int64_t batch);

// Why such a workload is not tried: it would take more memory than is free. "" if it fits.
std::string memory_refusal(const TrialSpec& spec, const Registry& registry, Phase phase,
                           int64_t length, int64_t batch);

// Bytes that this process can still have without swapping, as the kernel and the control group say.
double available_bytes();

}  // namespace longhaul

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/throughput/throughput_record.h"

namespace longhaul {

inline ThroughputRow made_up_row(const std::string& model, Phase phase, int64_t length,
                                 int64_t batch, int64_t series, double seconds) {
  ThroughputRow row;
  row.model = model;
  row.model_id = "id of " + model;
  row.phase = phase;
  row.length = length;
  row.batch = batch;
  row.series = series;
  row.status = Status::ok;
  row.step_seconds = std::vector<double>(5, seconds);
  row.peak_activation_bytes = 1000 * length;
  row.parameter_bytes = 400;
  if (phase == Phase::train) row.optimizer_bytes = 4000;
  if (phase == Phase::decode) row.state_bytes = 512;
  row.flops_per_token = 100;
  row.peak_gflops = 50;
  row.kernel = "gemm:jit, brgemm:avx2";
  row.isa = "avx2";
  row.host = "host";
  row.cpu = "cpu";
  row.version = "0.1.0";
  return row;
}

// At batch 1 and lengths 256 to 16384; `cost` is a step's seconds as a function of the length.
inline std::vector<ThroughputRow> made_up_rows(const std::string& model, Phase phase,
                                               const std::function<double(double)>& cost) {
  std::vector<ThroughputRow> rows;
  for (int64_t length = 256; length <= 16384; length *= 2)
    rows.push_back(made_up_row(model, phase, length, 1, 0, cost(static_cast<double>(length))));
  return rows;
}

}  // namespace longhaul

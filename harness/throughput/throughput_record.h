#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/results/record.h"

namespace longhaul {

// What is timed: a training step (forward, backward, optimizer), a forward pass over whole
// sequences, or one position after another.
enum class Phase { train, prefill, decode };

const EnumNames<Phase>& names_of(Phase);

// One model in one phase at one shape. Numbers of a row that is not ok stay 0 and `message` says
// why.
struct ThroughputRow {
  std::string model;
  std::string model_id;  // hash of all that decides its time: options, settings
  Phase phase = Phase::train;
  int64_t length = 0;
  int64_t batch = 0;
  int64_t series = 0;   // rows fitted together: tokens a step, 0 for batch 1
  bool planned = true;  // false: of an earlier form of the suite, kept and not shown

  Status status = Status::failed;
  std::string message;
  std::vector<double> step_seconds;  // one a repetition; a step of decode is one position
  int64_t peak_activation_bytes = 0;
  int64_t parameter_bytes = 0;
  int64_t optimizer_bytes = 0;  // moments and the lanes' gradients; 0 but in training
  int64_t state_bytes = 0;      // of one sequence at `length`; 0 but in decode
  double flops_per_token = 0;   // counted by the operators that ran
  double peak_gflops = 0;       // measured at the time, of all threads together
  std::string kernel;           // what made the products: "tiles", longhaul's own
  std::string isa;              // what the kernels are compiled for: "x86-64-v4"
  int64_t threads = 1;
  std::string precision = "float32";
  std::string host, cpu, version;
  std::string build;  // longhaul_build(); "" in rows older than it

  bool ok() const { return status == Status::ok; }
  bool measured() const { return !version.empty(); }  // or tried; else still to be
  // Of one step: batch x length, in decode batch.
  int64_t tokens() const { return phase == Phase::decode ? batch : batch * length; }
  double median_seconds() const;
  // At fraction p of the repetitions' tokens per second, slowest first.
  double tokens_per_second(double p) const;
  double fraction_of_peak() const;
};

// Whether `kept` already holds what a run would measure for `wanted`.
bool is_same_measurement(const ThroughputRow& kept, const ThroughputRow& wanted);

// throughput.json of a results folder, replaced at once. No file: no rows. What an older version
// did not store keeps its default. Throws Error naming a file that is damaged.
std::vector<ThroughputRow> read_throughput(const std::filesystem::path& dir);
void write_throughput(const std::filesystem::path& dir, const std::vector<ThroughputRow>& rows);

}  // namespace longhaul

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/throughput/throughput_record.h"
#include "math/profile.h"

namespace longhaul {

// A kind of operator in a profile: "product", "attention", "optimizer"; "between" is the time that
// none accounts for.
struct ProfiledKind {
  std::string name;
  OperatorCosts costs;  // of one step
  double seconds() const;
};

// Where the time of one step of a model goes, at one shape and in one phase.
struct ProfileRow {
  std::string model;
  std::string model_id;  // as in ThroughputRow
  Phase phase = Phase::train;
  int64_t length = 0;
  int64_t batch = 0;

  Status status = Status::failed;
  std::string message;
  double step_seconds = 0;
  std::vector<ProfiledKind> kinds;  // the longest first, "between" last
  double flops_per_token = 0;       // as in ThroughputRow
  double peak_gflops = 0;           // of all threads together, measured at the time
  double gigabytes_per_second = 0;  // of memory, likewise
  std::string isa;
  int64_t threads = 1;
  std::string precision = "float32";
  std::string host, cpu, version, build;

  bool ok() const { return status == Status::ok; }
  int64_t tokens() const { return batch * length; }
  // What share of the threads' time `seconds` of it are.
  double share(double seconds) const;
  // Of a kind, as if all threads had been at it together.
  double gflops(const OperatorCost& cost) const;
  double gigabytes(const OperatorCost& cost) const;  // a second
};

// Of a kind, forward, backward and update together.
OperatorCost whole(const OperatorCosts& costs);

// profile.json of a results folder, replaced at once. No file: no rows. Throws Error naming a file
// that is damaged.
std::vector<ProfileRow> read_profile(const std::filesystem::path& dir);
void write_profile(const std::filesystem::path& dir, const std::vector<ProfileRow>& rows);

}  // namespace longhaul

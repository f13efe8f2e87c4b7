#pragma once

#include <future>
#include <optional>

#include "harness/run/executor.h"

namespace longhaul {

// Trials that all MPI ranks (math/ranks.h) run together, one after the other: their lanes and their
// tests are shared, and the results have the bytes of one process. Made by the first rank; the
// others call serve_first_rank() meanwhile. There is no process to itself for a trial: what ends
// one rank ends all, and the next `run` goes on from the resume files.
class MpiExecutor : public Executor {
 public:
  explicit MpiExecutor(const RunOptions& options) : options_(options) {}

  int64_t slots() const override { return 1; }
  void submit(const std::vector<std::filesystem::path>& trials) override;
  std::vector<EndedTrial> poll() override;
  bool runs(const std::filesystem::path& trial) const override { return dir_ == trial; }
  bool busy() const override { return !dir_.empty(); }
  void cancel() override;  // after the step that is running

 private:
  const RunOptions options_;
  std::filesystem::path dir_;     // of the trial that runs; empty for none
  std::future<Attempt> attempt_;  // at it
};

// Runs what the first rank runs, until that is done. On every other rank.
void serve_first_rank();

// On the first rank: while it lives, the others wait for trials; at its end they leave.
struct OtherRanks {
  OtherRanks() = default;
  ~OtherRanks();
  OtherRanks(const OtherRanks&) = delete;
  OtherRanks& operator=(const OtherRanks&) = delete;
};

}  // namespace longhaul

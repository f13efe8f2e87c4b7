#pragma once

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "harness/run/executor.h"
#include "harness/run/time_limits.h"

namespace longhaul {

// Trials that all MPI ranks (math/ranks.h) run together, one after the other: their lanes and their
// tests are shared, and the results have the bytes of one process. Made by the first rank; the
// others call serve_first_rank() meanwhile. There is no process to itself for a trial: what ends
// one rank ends all, and the next `run` goes on from the resume files.
class MpiExecutor : public Executor {
 public:
  explicit MpiExecutor(const RunOptions& options) : options_(options) {}
  ~MpiExecutor() override;

  int64_t slots() const override { return 1; }
  void submit(const std::vector<DueTrial>& trials) override;
  std::vector<EndedTrial> poll() override;
  bool runs(const std::filesystem::path& trial) const override { return dir_ == trial; }
  bool busy() const override { return !dir_.empty(); }
  void cancel() override;  // after the step that is running

 private:
  void work();
  Attempt timed_out() const;
  [[noreturn]] void give_up();

  const RunOptions options_;
  std::filesystem::path dir_;  // of the trial that runs; empty for none
  std::optional<TimeLimits> limits_;
  std::future<Attempt> attempt_;

  // One thread makes all attempts: the memory that it keeps for tensors, and its team of threads,
  // serve the next trial too.
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable turn_;
  std::packaged_task<Attempt()> task_;  // that it does next
  bool is_over_ = false;
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

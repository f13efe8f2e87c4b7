#pragma once

#include <list>
#include <optional>

#include "harness/run/executor.h"
#include "support/clock.h"

namespace longhaul {

// Each trial is a child process, so that a crash costs one attempt and nothing else. The children
// end with this process, however that ends.
class LocalExecutor : public Executor {
 public:
  explicit LocalExecutor(const RunOptions& options);

  int64_t slots() const override { return slots_; }
  std::optional<double> memory() const override { return memory_; }
  void submit(const std::vector<DueTrial>& trials) override;
  std::vector<EndedTrial> poll() override;
  bool runs(const std::filesystem::path& trial) const override;
  bool busy() const override { return !workers_.empty(); }
  void cancel() override;

 private:
  const RunOptions options_;
  const int64_t slots_;
  const std::optional<double> memory_;  // what was free before the first trial
  std::list<Worker> workers_;
  std::optional<Stopwatch> since_cancel_;
};

}  // namespace longhaul

#include "harness/run/local_executor.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "support/cores.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// As many as the cores allow, and, where a trial has a limit of memory, as what is free allows.
int64_t slots_of(const RunOptions& options) {
  if (options.jobs > 0) return options.jobs;
  const int64_t by_cores = usable_cores() / options.threads;
  auto slots = static_cast<double>(by_cores);
  if (options.limits.memory > 0) slots = std::min(slots, usable_memory() / options.limits.memory);
  return std::max<int64_t>(1, static_cast<int64_t>(slots));
}

// Who asks for so many trials at once, or limits each, has thought of memory.
std::optional<double> memory_of(const RunOptions& options) {
  if (options.jobs > 0 || options.limits.memory > 0) return std::nullopt;
  return usable_memory(options.system);
}

}  // namespace

LocalExecutor::LocalExecutor(const RunOptions& options)
    : options_(options), slots_(slots_of(options)), memory_(memory_of(options)) {}

void LocalExecutor::submit(const std::vector<DueTrial>& trials) {
  for (const DueTrial& trial : trials) {
    clear_for_attempt(trial.dir);
    workers_.emplace_back(trial.dir, options_);
  }
}

std::vector<EndedTrial> LocalExecutor::poll() {
  if (since_cancel_ && since_cancel_->seconds() > kGraceSeconds) cancel();
  std::vector<EndedTrial> ended;
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    if (std::optional<Attempt> attempt = worker->poll()) {
      ended.push_back({worker->dir(), std::move(*attempt)});
      worker = workers_.erase(worker);
    } else {
      ++worker;
    }
  }
  return ended;
}

bool LocalExecutor::runs(const fs::path& trial) const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [&](const Worker& worker) { return worker.dir() == trial; });
}

void LocalExecutor::cancel() {
  for (const Worker& worker : workers_) worker.signal(since_cancel_ ? SIGKILL : SIGTERM);
  since_cancel_.emplace();
}

}  // namespace longhaul

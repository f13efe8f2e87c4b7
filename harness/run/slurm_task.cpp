#include "harness/run/slurm_task.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/results/machine.h"
#include "harness/results/store.h"
#include "harness/run/attempt.h"
#include "harness/run/slurm_batch.h"
#include "harness/run/system_command.h"
#include "harness/settings/trial_spec.h"
#include "longhaul/error.h"
#include "support/exit_status.h"
#include "support/file.h"
#include "support/json.h"
#include "support/number_text.h"
#include "support/say.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookEvery{500};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  require(value && *value, name, " is not set: slurm-task runs in a job of Slurm alone");
  return value;
}

// The worker, and what Slurm has told it.
struct Watched {
  Attempt attempt;
  bool stored = false;
  bool warned = false;  // of the time limit
  bool told_to_end = false;
};

Watched watch(const fs::path& dir, const RunOptions& options) {
  const HeldSignals signals;
  Worker worker(dir, options);
  Watched seen;
  for (;;) {
    if (const int signal = signals.arrived(kLookEvery)) {
      (signal == SIGUSR1 ? seen.warned : seen.told_to_end) = true;
      worker.signal(signal == SIGUSR1 ? SIGUSR1 : SIGTERM);
    }
    if (std::optional<Attempt> attempt = worker.poll()) {
      seen.attempt = std::move(*attempt);
      seen.stored = worker.stored();
      return seen;
    }
  }
}

bool queue_again() {
  const CommandOutput said =
      run_command({"scontrol", "requeue",
                   variable("SLURM_ARRAY_JOB_ID") + "_" + variable("SLURM_ARRAY_TASK_ID")});
  say("{}", said.errors);
  return said.ok();
}

// Of a trial whose pretraining left nothing to start from; nothing if it did, or if none is needed.
std::optional<Attempt> attempt_without_weights(const fs::path& dir, const RunOptions& options) {
  const TrialSpec spec = read_spec(dir);
  if (spec.pretrained.empty()) return std::nullopt;
  const std::optional<TrialRecord> pretraining = read_record(dir.parent_path() / spec.pretrained);
  if (pretraining && pretraining->status == Status::ok) return std::nullopt;
  // Without a record, or with too little memory, it may be tried again.
  if (!pretraining || pretraining->status == Status::out_of_memory) {
    Attempt early = lost_attempt(Status::killed, "its pretraining has left no record yet");
    early.is_early = true;
    return early;
  }
  const TrialRecord record = record_without_weights(spec, pretraining->status, options.threads);
  write_record(dir, record);
  return recorded_attempt(record);
}

// What the runner is to hear; nothing where Slurm runs this task again, or knows why it does not.
std::optional<Attempt> attempt_at(const fs::path& dir, const RunOptions& options) {
  // A node may have failed after the record was written and before anything else was.
  if (const std::optional<TrialRecord> record = read_record(dir)) return recorded_attempt(*record);
  if (std::optional<Attempt> ended = attempt_without_weights(dir, options)) return ended;
  const int64_t step_before = read_progress(dir).step;
  const Watched seen = watch(dir, options);
  if (seen.attempt.recorded || !seen.attempt.fault.empty()) return seen.attempt;
  if (seen.told_to_end) return std::nullopt;
  if (!seen.warned) return seen.attempt;
  const bool has_moved = read_progress(dir).step > step_before;
  if (seen.stored && has_moved && queue_again()) return std::nullopt;
  Attempt late =
      lost_attempt(Status::timed_out, seen.stored && !has_moved
                                          ? "made no step within the time limit of its Slurm job"
                                          : "reached the time limit of its Slurm job");
  sign(late.record, options.threads);
  return late;
}

}  // namespace

int run_slurm_task(const fs::path& batch_folder) {
  const SlurmBatch batch = read_slurm_batch(batch_folder);
  const std::string number = variable("SLURM_ARRAY_TASK_ID");
  std::size_t task = 0;
  require(read_number(number, task), "SLURM_ARRAY_TASK_ID: found '", number,
          "', allowed: a number");
  require(task < batch.trials.size(), batch_folder.string(), ": has no task ", task);
  if (fs::exists(batch.end_file(task))) return 0;  // told already: the node failed after that

  const std::optional<Attempt> attempt = attempt_at(batch.trial_folder(task), batch.options);
  if (!attempt) return kInterrupted;
  write_atomically(batch.end_file(task), json_text(to_json(*attempt)));
  return attempt->recorded ? 0 : kSomeFailed;
}

}  // namespace longhaul

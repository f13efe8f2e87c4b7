#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/run/slurm_batch.h"
#include "harness/run/system_command.h"
#include "harness/suite/engine.h"

namespace longhaul {

// The commands of Slurm that a run needs. None asks the accounting database.

// Takes out of the environment what would change the answers of these commands: SQUEUE_* and
// SCANCEL_* hide jobs from them, SBATCH_WAIT makes sbatch wait for the job's end.
void leave_out_slurm_filters();

// Slurm's controller does not answer: it is restarted, or the network is down. It may pass.
class SlurmAway : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Whether the words of a command of Slurm say that.
bool is_away(const std::string& words);

// Submits `tasks` of a batch, each with `worker` as its program, and returns the job's number.
// `throttle`: at once at most, 0 for no limit. `after`: the jobs and tasks that end before, as in
// "12:13_0"; "" for none. Throws SlurmAway, or std::runtime_error with
// sbatch's own words.
std::string sbatch(const SlurmBatch& batch, const std::vector<std::size_t>& tasks,
                   const Engine& engine, int64_t throttle, const std::string& after,
                   const std::filesystem::path& worker);

// The same as words.
std::vector<std::string> sbatch_words(const SlurmBatch& batch,
                                      const std::vector<std::size_t>& tasks, const Engine& engine,
                                      int64_t throttle, const std::string& after,
                                      const std::filesystem::path& worker);

struct SlurmTaskState {
  std::string job;    // of the array
  std::string state;  // "PENDING", "RUNNING", ...
};

// The states of tasks by the batch's name and the task's number, those that ended a while ago
// aside.
using SlurmStates = std::map<std::pair<std::string, std::size_t>, SlurmTaskState>;

std::vector<std::string> squeue_words(const std::vector<std::string>& batch_names);
SlurmStates read_squeue(const std::string& output);

// Whether a task of this state may still run, now or later.
bool is_live(const std::string& state);

void scancel(const std::vector<std::string>& jobs);  // throws std::runtime_error

}  // namespace longhaul

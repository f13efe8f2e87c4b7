#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/run/executor.h"
#include "harness/run/slurm_batch.h"
#include "harness/run/slurm_commands.h"
#include "support/clock.h"

namespace longhaul {

// Each trial is a task of a job array of Slurm (slurm_batch.h). Its end is read from the shared
// folder; squeue tells of those that ended without a word. A trial that a job of an earlier run
// works at is taken over instead of being submitted again.
class SlurmExecutor : public Executor {
 public:
  SlurmExecutor(const std::filesystem::path& out, const RunOptions& options);
  ~SlurmExecutor() override;  // tidies up; jobs that run go on

  int64_t slots() const override { return kUnlimited; }
  bool can_follow(const std::filesystem::path& pretraining) const override;
  void submit(const std::vector<DueTrial>& trials) override;
  std::vector<EndedTrial> poll() override;
  bool runs(const std::filesystem::path& trial) const override;
  bool busy() const override { return !is_left_ && !wanted_.empty(); }
  std::string trouble() const override { return trouble_; }
  void cancel() override;
  void interrupt() override;
  void leave() override;
  int64_t left() const override { return left_; }

 private:
  struct Task {
    bool is_done = false;    // its word was heard, or nobody waits for it any more
    std::string state = {};  // as squeue said last
    bool was_live = false;   // as this run has seen
    int lost = 0;  // how often squeue said that it cannot run any more, and no word of it came
  };
  struct Batch {
    SlurmBatch files;
    std::vector<Task> tasks;
    bool is_earlier;        // submitted by an earlier run
    bool is_asked = false;  // about in the squeue that runs
  };
  struct Place {
    Batch* batch;
    std::size_t task;
    std::filesystem::path dir;  // of the trial, as this run names it

    Task& state() const { return batch->tasks[task]; }
  };
  using Wanted = std::map<std::string, Place>;  // by trial

  int64_t throttle() const;
  bool take_over(const std::filesystem::path& trial);
  void submit_new(const std::vector<std::filesystem::path>& trials);
  void submit_batch(Batch& batch);
  std::string jobs_before(const Batch& batch, const std::vector<std::size_t>& tasks) const;
  void read_ends(std::vector<EndedTrial>& ended);
  void ask_slurm(std::vector<EndedTrial>& ended);
  void hear(const SlurmStates& states, std::vector<EndedTrial>& ended);
  Attempt attempt_of_lost(const Place& place) const;
  Wanted::iterator end(Wanted::iterator at, Attempt attempt, std::vector<EndedTrial>& ended);

  const std::filesystem::path out_;
  const RunOptions options_;
  std::list<Batch> batches_;
  Wanted wanted_;
  std::map<std::string, std::string> pretrainings_;  // by the trial that needs one; "" for none
  std::unique_ptr<SystemCommand> squeue_;            // while it runs
  std::string trouble_;
  std::optional<Stopwatch> since_read_, since_asked_;
  bool is_left_ = false;  // what runs goes on, or ends, without this run
  int64_t left_ = 0;
};

// Before a run without Slurm: removes what ended jobs left in OUT. Throws Error where some may
// still work there, for two workers at a trial would spoil it.
void put_away_slurm_jobs(const std::filesystem::path& out);

}  // namespace longhaul

#pragma once

#include <deque>
#include <exception>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/run/executor.h"
#include "harness/run/memory_forecast.h"
#include "harness/run/progress.h"
#include "harness/run/runner.h"
#include "harness/settings/trial_spec.h"
#include "support/clock.h"

namespace longhaul {

// Decides which of a run's trials starts when and which starts again, asks an executor to run them
// and writes the records that no worker wrote. One thread: whatever it waits for, it waits for all.
class Scheduler {
 public:
  // `trials` holds their folders.
  Scheduler(std::filesystem::path trials, const RunOptions& options, Executor& executor,
            ProgressDisplay& display, RunOutcome& outcome);

  void keep(const TrialSpec& spec, const TrialRecord& record);  // found by an earlier run
  void add(const TrialSpec& spec);                              // to what waits
  void run();
  void submit_and_leave();  // what can start now

 private:
  // A trial that has a slot: its attempt runs, or it pauses between two.
  struct Slot {
    const TrialSpec* spec;
    std::filesystem::path dir;
    Retries retries;
    int64_t kills = 0;        // attempts that ended from outside, through no fault of its own
    std::string before = {};  // the message of the attempt before
    int64_t furthest = 0;     // step that an attempt reached before it was ended
    std::optional<double> pause = 0;  // seconds until the next attempt; none while one runs
    Stopwatch since_pause = {};
    std::optional<Stopwatch> watch = {};  // since its first attempt began to run
    Progress progress = {};               // as its process said last
  };

  std::filesystem::path folder(const TrialSpec& spec) const { return trials_ / spec.id(); }
  void guarded(const std::function<void()>& work);
  void fill_slots();
  bool has_memory_for(const TrialSpec& spec);
  void start_attempts();
  bool skip_without_pretraining(const TrialSpec& spec);
  void take(const EndedTrial& ended);
  static void count_kill(Slot& slot);
  bool is_worth_another(const Slot& slot, const Attempt& attempt) const;
  void finish(const TrialSpec& spec, const TrialRecord& record, double seconds);
  void note_failure(const TrialSpec& spec, const TrialRecord& record);
  void stop();
  void hear_progress();
  SuiteProgress progress() const;

  const std::filesystem::path trials_;
  const RunOptions& options_;
  Executor& executor_;
  ProgressDisplay& display_;
  RunOutcome& outcome_;
  bool stopping_ = false;
  std::deque<const TrialSpec*> waiting_;
  std::list<Slot> slots_;
  MemoryForecast forecast_;
  std::map<std::string, Status> ended_;  // by id, of this run and of earlier ones
  int64_t finished_ = 0, failed_ = 0;
  double finished_seconds_ = 0;
  std::string last_;
  Stopwatch since_heard_;
};

}  // namespace longhaul

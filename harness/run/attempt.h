#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "harness/results/record.h"
#include "harness/run/run_options.h"
#include "harness/run/time_limits.h"
#include "harness/settings/trial_spec.h"
#include "harness/train/trial_progress.h"
#include "support/process.h"

namespace longhaul {

// A worker that was asked to end stores where it is, and is killed if that takes longer.
constexpr double kGraceSeconds = 10;

// What came of one attempt at a trial, in a process of its own.
struct Attempt {
  TrialRecord record;
  bool recorded = false;  // by the worker itself; else made from how it ended and its last words
  std::string fault;      // of the machine, which would meet every other trial too; empty if none
  bool is_early = false;  // its pretraining has not ended yet
  bool is_last = false;   // somebody took the trial out of the queue: it is not tried again now
};

nlohmann::json to_json(const Attempt& attempt);
Attempt attempt_from_json(const nlohmann::json& json);

// One attempt whose end the trial's record tells.
Attempt recorded_attempt(TrialRecord record);
// One attempt that ended without a word: killed, failed or such, for that reason.
Attempt lost_attempt(Status status, const std::string& message);

// Of a trial that has no weights to start from, since its pretraining ended like that.
TrialRecord record_without_weights(const TrialSpec& spec, Status pretraining, int threads);

// Removes what an earlier attempt left, its log aside, so that none of it passes for this one's.
void clear_for_attempt(const std::filesystem::path& dir);

// How far the trial in `dir` is; one that has not said anything yet is at its beginning.
Progress read_progress(const std::filesystem::path& dir);

// The last line with words that a log has behind its first `from` bytes, or the end of that line: a
// plugin may write lines of any length.
std::string last_line(const std::filesystem::path& log, uintmax_t from);

// The worker of the trial whose spec.json stands in `dir`: `longhaul trial` as a child process.
class Worker {
 public:
  // Throws std::system_error if it cannot be started.
  Worker(std::filesystem::path dir, const RunOptions& options);

  std::optional<Attempt> poll();           // nothing while it runs; does not wait
  bool stored() const { return stored_; }  // has ended so that it can go on where it was
  void signal(int number) const { process_.signal_group(number); }
  const std::filesystem::path& dir() const { return dir_; }

 private:
  Attempt attempt_of(const ProcessEnd& end) const;

  const std::filesystem::path dir_;
  const RunOptions options_;
  uintmax_t log_start_;
  std::optional<int64_t> kills_before_;
  bool stored_ = false;
  ChildProcess process_;
  TimeLimits limits_;
};

}  // namespace longhaul

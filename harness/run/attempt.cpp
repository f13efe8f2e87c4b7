#include "harness/run/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "harness/results/machine.h"
#include "harness/results/store.h"
#include "harness/results/trial_files.h"
#include "harness/run/memory_kills.h"
#include "support/exit_status.h"
#include "support/json.h"
#include "support/json_fields.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

uintmax_t size_of(const fs::path& file) {
  std::error_code not_there;
  const uintmax_t size = fs::file_size(file, not_there);
  return not_there ? 0 : size;
}

// The limit of memory that its worker has, empty for none.
std::string limit_of(const RunOptions& options) {
  if (options.limits.memory == 0) return memory_limit();
  return fmt::format("limits.memory of {:.0f} MiB", options.limits.memory / (1 << 20));
}

// What to say of a worker that ended without leaving a record. `memory`: meanwhile the kernel has
// killed a process because memory ran out. `limit`: of its memory, empty for none.
TrialRecord record_of_crash(const ProcessEnd& end, const std::string& last_words, bool memory,
                            const std::string& limit) {
  TrialRecord record;
  record.message = to_string(end);
  const bool killed = end.signal == SIGKILL;
  if (killed) record.message += memory ? " when memory ran out" : " from outside";
  // Where a library does not look at what it asks for, memory that is refused ends in a crash.
  const bool no_thread = last_words.find("Thread creation failed") != std::string::npos;
  const bool refused =
      !limit.empty() && (end.signal == SIGSEGV || end.signal == SIGABRT || no_thread);
  if (refused) record.message += ", under " + limit;
  if (!last_words.empty()) record.message += ": " + last_words;
  // std::bad_alloc may end a thread that nobody can catch it from.
  const bool thrown = end.signal == SIGABRT && last_words.find("bad_alloc") != std::string::npos;
  if (thrown || refused || (killed && memory))
    record.status = Status::out_of_memory;
  else
    record.status = killed ? Status::killed : Status::failed;
  return record;
}

struct StoredAttempt {
  nlohmann::json record;
  bool recorded = false;
  std::string fault;
  bool is_early = false;
};

}  // namespace

std::string last_line(const fs::path& log, uintmax_t from) {
  constexpr uintmax_t kMost = 3000;
  const uintmax_t size = size_of(log);
  std::ifstream in(log);
  bool is_cut = size > from + kMost;
  in.seekg(static_cast<std::streamoff>(is_cut ? size - kMost : from));
  std::string last;
  for (std::string line; std::getline(in, line); is_cut = false)
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      last = (is_cut ? "(its beginning is cut off) ..." : "") + line;
  return last;
}

template <>
inline constexpr auto json_fields<StoredAttempt> =
    std::tuple{field("record", &StoredAttempt::record), field("recorded", &StoredAttempt::recorded),
               field("fault", &StoredAttempt::fault), field("is_early", &StoredAttempt::is_early)};

nlohmann::json to_json(const Attempt& attempt) {
  return json_of(
      StoredAttempt{to_json(attempt.record), attempt.recorded, attempt.fault, attempt.is_early});
}

Attempt attempt_from_json(const nlohmann::json& json) {
  const auto stored = from_json<StoredAttempt>(json);
  Attempt attempt;
  attempt.record = record_from_json(stored.record);
  attempt.recorded = stored.recorded;
  attempt.fault = stored.fault;
  attempt.is_early = stored.is_early;
  return attempt;
}

Attempt recorded_attempt(TrialRecord record) {
  Attempt attempt;
  attempt.record = std::move(record);
  attempt.recorded = true;
  return attempt;
}

Attempt lost_attempt(Status status, const std::string& message) {
  Attempt attempt;
  attempt.record.status = status;
  attempt.record.message = message;
  return attempt;
}

TrialRecord record_without_weights(const TrialSpec& spec, Status pretraining, int threads) {
  TrialRecord record;
  if (pretraining == Status::killed) record.status = pretraining;
  record.message = fmt::format("its pretraining, trial {}, ended as {}", spec.pretrained,
                               to_string(pretraining));
  note_settings(record, spec.settings);
  sign(record, threads);
  return record;
}

void clear_for_attempt(const fs::path& dir) {
  remove_files(dir);
  fs::remove(dir / "progress.json");
}

Progress read_progress(const fs::path& dir) {
  try {
    return read_json_file(dir / "progress.json", progress_from_json);
  } catch (const std::exception&) {
    return {};
  }
}

Worker::Worker(fs::path dir, const RunOptions& options)
    : dir_(std::move(dir)),
      options_(options),
      log_start_(size_of(dir_ / "log.txt")),
      kills_before_(memory_kills(options.system)),
      process_({options.worker.string(), "trial", (dir_ / "spec.json").string(), "--out",
                dir_.string(), "--threads", std::to_string(options.threads), "--checkpoint-seconds",
                fmt::format("{}", options.checkpoint_seconds), "--memory",
                fmt::format("{:.0f}", options.limits.memory)},
               dir_ / "log.txt"),
      limits_(dir_, options.limits) {}

std::optional<Attempt> Worker::poll() {
  const std::optional<ProcessEnd> end = process_.poll();
  if (!end) {
    const TimeLimits::Order order = limits_.look();
    if (order != TimeLimits::Order::none)
      process_.signal_group(order == TimeLimits::Order::stop ? SIGTERM : SIGKILL);
    return std::nullopt;
  }
  stored_ = !limits_.are_exceeded() && end->exit_status == kStoredToResume;
  return attempt_of(*end);
}

Attempt Worker::attempt_of(const ProcessEnd& end) const {
  Attempt attempt;
  attempt.fault = end.machine_fault;
  if (!attempt.fault.empty()) return attempt;
  if (std::optional<TrialRecord> record = read_record(dir_))
    return recorded_attempt(std::move(*record));
  if (limits_.are_exceeded()) return limits_.timed_out(options_.threads);
  if (stored_) return lost_attempt(Status::killed, "ended from outside; it goes on where it was");
  const std::optional<int64_t> kills = memory_kills(options_.system);
  const bool memory = kills && kills_before_ && *kills > *kills_before_;
  attempt.record =
      record_of_crash(end, last_line(dir_ / "log.txt", log_start_), memory, limit_of(options_));
  attempt.record.steps = read_progress(dir_).step;
  sign(attempt.record, options_.threads);
  return attempt;
}

}  // namespace longhaul

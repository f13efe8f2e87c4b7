#include "harness/run/worker.h"

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "harness/results/store.h"
#include "harness/results/trial_files.h"
#include "harness/run/memory_kills.h"
#include "support/json.h"
#include "support/process.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// The last line with words, or the end of it: a plugin may write lines of any length.
std::string last_line(const fs::path& file, uintmax_t from) {
  constexpr uintmax_t kMost = 3000;
  std::error_code fault;
  const uintmax_t size = fs::file_size(file, fault);
  std::ifstream in(file);
  bool is_cut = !fault && size > from + kMost;
  in.seekg(static_cast<std::streamoff>(is_cut ? size - kMost : from));
  std::string last;
  for (std::string line; std::getline(in, line); is_cut = false)
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      last = (is_cut ? "(its beginning is cut off) ..." : "") + line;
  return last;
}

// What to say of a worker that ended without leaving a record. `memory`: meanwhile the kernel has
// killed a process because memory ran out.
TrialRecord record_of_crash(const ProcessEnd& end, const std::string& last_words, bool memory) {
  TrialRecord record;
  record.message = to_string(end);
  const bool killed = end.signal == SIGKILL;
  if (killed) record.message += memory ? " when memory ran out" : " from outside";
  // Where a library does not look at what it asks for, memory that is refused ends in a crash.
  const std::string limit = address_space_limit();
  const bool refused = !limit.empty() && (end.signal == SIGSEGV || end.signal == SIGABRT);
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

}  // namespace

Attempt attempt_trial(const fs::path& dir, const RunOptions& options, std::stop_token stop) {
  const fs::path log = dir / "log.txt";
  remove_files(dir);
  fs::remove(dir / "progress.json");
  const uintmax_t log_start = fs::exists(log) ? fs::file_size(log) : 0;
  const std::optional<int64_t> kills_before = memory_kills(options.system);
  const ProcessEnd end =
      run_process({options.worker.string(), "trial", (dir / "spec.json").string(), "--out",
                   dir.string(), "--threads", std::to_string(options.threads)},
                  log, std::move(stop));
  if (!end.machine_fault.empty()) throw std::runtime_error(end.machine_fault);
  if (const std::optional<TrialRecord> record = read_record(dir)) return {*record, true};
  const std::optional<int64_t> kills = memory_kills(options.system);
  const bool memory = kills && kills_before && *kills > *kills_before;
  return {record_of_crash(end, last_line(log, log_start), memory), false};
}

Progress read_progress(const fs::path& dir) {
  try {
    return read_json_file(dir / "progress.json", progress_from_json);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace longhaul

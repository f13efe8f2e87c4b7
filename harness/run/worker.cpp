#include "harness/run/worker.h"

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "harness/results/store.h"
#include "support/process.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr int kEnvironmentFault = 3;  // exit status

std::string last_line(const fs::path& file, uintmax_t from) {
  std::ifstream in(file);
  in.seekg(static_cast<std::streamoff>(from));
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  return last;
}

// What to record for a worker that ended without leaving a record.
TrialRecord record_of_crash(const ProcessEnd& end, const std::string& last_words) {
  TrialRecord record;
  record.message = to_string(end);
  if (!last_words.empty()) record.message += ": " + last_words;
  // SIGKILL is what Linux sends when memory runs out; std::bad_alloc may end a thread that nobody
  // can catch it from.
  const bool memory = end.signal == SIGKILL ||
                      (end.signal == SIGABRT && last_words.find("bad_alloc") != std::string::npos);
  record.status = memory ? Status::out_of_memory : Status::failed;
  return record;
}

}  // namespace

Attempt attempt_trial(const fs::path& dir, const RunOptions& options, std::stop_token stop) {
  const fs::path log = dir / "log.txt";
  fs::remove(dir / "record.json");
  fs::remove(dir / "progress.json");
  const uintmax_t log_start = fs::exists(log) ? fs::file_size(log) : 0;
  const ProcessEnd end =
      run_process({options.worker.string(), "trial", (dir / "spec.json").string(), "--out",
                   dir.string(), "--threads", std::to_string(options.threads)},
                  log, std::move(stop));
  if (const std::optional<TrialRecord> record = read_record(dir)) return {*record, true};
  const TrialRecord crash = record_of_crash(end, last_line(log, log_start));
  if (end.exit_status == kEnvironmentFault) throw std::runtime_error(crash.message);
  return {crash, false};
}

Progress read_progress(const fs::path& dir) {
  std::ifstream in(dir / "progress.json");
  if (!in) return {};
  try {
    return progress_from_json(nlohmann::json::parse(in));
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace longhaul

#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <thread>

#include "support/clock.h"

namespace longhaul {

// progress.json of a running trial.
struct Progress {
  int64_t step = 0;
  double fraction = 0;             // of the budget, 0 .. 1
  double loss = 0;                 // of the last step
  std::optional<double> accuracy;  // of the last validation; none before the first
  double tokens_per_second = 0;

  // Missing in files of older versions.
  std::string metric = "accuracy";  // what that is; of a regression r2
  double began = 0;                 // the fraction at which this process took the trial up
  double seconds = 0;               // since this process began with the trial
  bool running = true;              // false once it has stopped or ended in good order
  std::string host;                 // where it runs
  double time = 0;                  // when it said so, by that host's clock: seconds since 1970
  int64_t resident_bytes = 0;       // physical memory that the process has now
};

nlohmann::json to_json(const Progress& progress);
Progress progress_from_json(const nlohmann::json& json);

// Keeps progress.json current while it lives, about twice a second: also while a long step, or the
// tests, say nothing new, so that a reader knows that the trial is alive. A file that cannot be
// written is not worth a trial.
class ProgressFile {
 public:
  explicit ProgressFile(std::filesystem::path path);
  ~ProgressFile();
  ProgressFile(const ProgressFile&) = delete;
  ProgressFile& operator=(const ProgressFile&) = delete;

  void note(const Progress& progress);

 private:
  void keep_writing();
  void write(Progress progress) const;

  const std::filesystem::path path_;
  const bool is_ours_;  // of processes that share the trial the first one writes
  const Stopwatch watch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Progress progress_;
  bool ends_ = false;
  std::thread writer_;
};

}  // namespace longhaul

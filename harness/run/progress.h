#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "support/clock.h"

namespace longhaul {

// Where a running suite stands.
struct SuiteProgress {
  int64_t total = 0;     // trials of the suite
  int64_t kept = 0;      // finished by an earlier run
  int64_t finished = 0;  // by this run, failed ones included
  int64_t failed = 0;
  int64_t jobs = 1;             // trials that may run at once
  std::vector<double> running;  // each running trial's share done, 0 .. 1
  double busy_seconds = 0;  // spent on trials of this run, finished or running, summed over jobs
  double tokens_per_second = 0;  // of the running trials together
  std::string last;              // accuracy and loss of the trial heard of last, and which that is
};

// Seconds until the suite is done, from what its trials took so far; nothing while that is unknown.
std::optional<double> time_left(const SuiteProgress& progress);

std::string duration_text(double seconds);  // "45s", "4m 10s", "2h 05m", "3d 04h"
std::string count_text(double count);       // "950", "84.2k", "1.3M"

// "12/36, 1 failed | 4m 10s left | 84.2k tokens/s | <last>"
std::string progress_text(const SuiteProgress& progress);

// The same behind a bar of 8 to 30 cells, cut to `width` columns.
std::string progress_bar(const SuiteProgress& progress, int width);

// Shows progress on a stream: on a terminal one line that renews itself, in a pipe a plain line for
// every finished trial and one now and then.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(std::FILE* stream);
  ~ProgressDisplay() { clear(); }
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void update(const SuiteProgress& progress);
  void trial_finished(const SuiteProgress& progress, bool failed);  // the one in progress.last
  void clear();  // removes the drawn line, so that other text can follow

 private:
  void write(const std::string& text);

  std::FILE* stream_;
  bool terminal_;
  bool drawn_ = false;
  std::string kept_;  // what the stream had no room for
  Stopwatch since_last_line_;
};

}  // namespace longhaul

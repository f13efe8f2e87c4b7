#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/enum_names.h"

namespace longhaul {

// A trial that is not done counts as running if it was heard of within this time. A worker says so
// twice a second; a shared file system may tell other hosts of it half a minute late.
constexpr double kHeardWithin = 60;  // seconds

enum class TrialState {
  done,     // it has a record, whatever its status
  running,  // heard of within kHeardWithin
  stopped,  // begun, not heard of since; `longhaul run` goes on with it
  waiting
};

const EnumNames<TrialState>& names_of(TrialState);

// A trial as its folder shows it. What is not known, or does not exist, is absent.
struct TrialStatus {
  std::string id;
  std::string label;  // "lru on copy, seed 3"
  std::string model;
  std::string task;
  uint64_t seed = 0;
  std::string kind;  // trial | tuning | pretraining
  TrialState state = TrialState::waiting;
  std::string folder;

  std::optional<std::string> status;   // of its record: ok, diverged, failed, ...
  std::optional<std::string> message;  // why, if it is not ok
  std::optional<int64_t> step;         // reached
  std::optional<double> fraction;      // of the budget, 0 .. 1
  std::optional<double> loss;          // of the last step; once done, of the last tenth of them
  std::optional<double> accuracy;      // of the last validation; once done, of the test
  std::string metric = "accuracy";     // what that is; of a regression r2
  std::optional<double> tokens_per_second;
  std::optional<std::string> host;  // where it runs or ran
  std::optional<double> heard_seconds_ago;
  std::optional<int64_t> resident_bytes;  // of a running trial, now
  std::vector<double> losses;             // of a running trial in training, oldest first

  // Real time of the whole trial, as far as can be told from what it took until now.
  std::optional<double> seconds_in_all;
};

struct SuiteStatus {
  std::string suite;
  std::string folder;
  int64_t total = 0;  // trials, with those that tune and pretrain
  int64_t done = 0, running = 0, stopped = 0, waiting = 0;
  std::map<std::string, int64_t> statuses;  // how many of the done ones ended as ok, as failed, ...
  std::optional<double> seconds_left;       // absent while nothing runs, or nothing is known
  bool ended = false;                       // no trial is left to be run
  std::vector<TrialStatus> trials;          // in the suite's order
  std::vector<std::string> problems;        // damaged files, a line each
};

// Reads a results folder, also one that is in use or lies on another host's disk: no more than its
// files are needed. Throws Error if `dir` is none.
SuiteStatus read_status(const std::filesystem::path& dir);

nlohmann::json to_json(const SuiteStatus& status);

}  // namespace longhaul

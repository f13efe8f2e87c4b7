#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"
#include "harness/suite/config.h"
#include "harness/suite/engine.h"
#include "harness/suite/limits.h"
#include "harness/suite/task_facts.h"
#include "harness/throughput/plan.h"

namespace longhaul {

// How often a trial that crashed is tried, and how long to wait before the second try.
struct Retry {
  int64_t tries = 3;
  double delay_seconds = 2;
};

// A row of the table: a registered model under a name of its own.
struct ModelEntry {
  std::string name;
  std::string base;    // the registered model
  OptionMap options;   // as given
  OptionMap settings;  // that it overrides
};

// A column of the table: a registered task under a name of its own.
struct TaskEntry {
  std::string name;
  std::string base;
  OptionMap options;
  OptionMap settings;
  Budget budget;  // its own, else the suite's
  TaskFacts facts;
};

// What the models of a suite have in common with its first: nothing but the settings, or as many
// parameters, or as many operations a token.
enum class Match { none, parameters, flops };

// A width that was solved for it.
struct MatchedWidth {
  std::string model, task;  // entries' names; task "" stands for the throughput phase
  int64_t d_model = 0;
  double size = 0;   // parameters, or operations a token in training
  double share = 1;  // of the first model's
};

// Settings and options to choose among on validation, with their values, in the order of the file.
using Tune = std::vector<std::pair<std::string, std::vector<OptionValue>>>;

// A suite file in which nothing was found wrong.
struct Suite {
  std::string name;
  std::vector<uint64_t> seeds;
  Budget budget;
  Match match = Match::none;
  std::vector<MatchedWidth> matched;  // of every model but the first, on every task
  Tune tune;
  std::vector<std::string> pretrain;  // settings that every cell has one after another; without
  std::vector<std::string> loss;      // any, the cell's own
  Retry retry;
  Limits limits;
  double checkpoint_seconds = 60;  // between two files to resume a trial from; 0: none
  Engine engine;
  Settings defaults;
  Evaluate evaluate;
  std::vector<std::string> diagnostics;
  std::vector<std::string> baselines;  // beside the ordinary ones
  std::vector<std::string> metrics;    // likewise, of plugins
  std::vector<ModelEntry> models;
  std::vector<TaskEntry> tasks;
  std::vector<std::string> plugins;  // paths of all that are loaded, its own and --plugin's
  std::optional<ThroughputPlan> throughput;
};

// Reads a suite file, applies the overrides ("budget.steps=100", "tasks.listops.max_depth=4") and
// builds every model and task once. Throws one Error that lists every problem, a line each:
//   quick.yaml:12: models.transformer.heads: found 0, allowed: at least 1
// The registry is not const because a file's plugins enter it before names are looked up. To
// measure throughput alone a suite needs neither tasks nor a `throughput:` of its own.
enum class Purpose { run, measure };
Suite load_suite(const std::filesystem::path& file, Registry& registry,
                 const std::vector<std::string>& overrides = {}, Purpose purpose = Purpose::run);

// The same of a suite that is a part of another file: its problems are added to `problems`, and
// what it returns is whole only if there are none. `folder` is where its plugins may lie.
Suite read_suite(ConfigNode& root, const std::filesystem::path& folder, Registry& registry,
                 Problems& problems);

}  // namespace longhaul

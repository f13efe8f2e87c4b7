#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/plugin_loader.h"
#include "harness/settings/settings.h"

namespace longhaul {

// Training ends with the first limit reached; 0 means no such limit.
struct Budget {
  int64_t steps = 0;
  double seconds = 0;
  double tokens = 0;  // of training, padding not counted
  double flops = 0;   // of training steps, as the operators that ran count them
  double epochs = 0;  // over the training examples: of a suite, whose grid makes steps of them
};

// How a trained model is tested, beside or in place of its task's own test examples.
struct Evaluate {
  std::vector<int64_t> lengths;        // by Task::at_length(), in place of the task's own
  std::vector<std::string> post_hoc;   // values of the mixer's option post_hoc, beside the model as
                                       // it was trained; models without that option are left as is
  std::vector<std::string> test_sets;  // values of the task's option test_set, if it has one
};

// How a trial's settings were chosen, if its suite has `tune:`.
struct Tuning {
  int64_t trials = 1;         // settings tried, this one among them
  bool is_candidate = false;  // a trial that helps to choose: it is never tested
  OptionMap values;           // what is tuned, as this trial has it
};

// One trial, fully resolved: its outcome is a function of this (and of the code's version).
struct TrialSpec {
  std::string suite;
  std::string model_name;    // the row of the table: a variant's own name
  std::string model;         // the registered model
  OptionMap model_options;   // every option of the model
  OptionMap model_defaults;  // what they are where a suite does not say
  std::string task_name;     // the column of the table
  std::string task;
  OptionMap task_options;
  OptionMap task_defaults;
  OptionMap task_data;  // what the files hold that task_options name: data_content() of each
  int64_t task_version = 0;
  Settings settings;
  Budget budget;
  Evaluate evaluate;
  std::vector<std::string>
      diagnostics;                     // what is measured on the way (harness/train/diagnostics.h)
  std::vector<std::string> baselines;  // beside the ordinary ones, of extra_baselines()
  std::vector<std::string> metrics;    // beside the built-in ones
  Tuning tuning;
  uint64_t seed = 0;
  bool is_pretraining = false;  // it trains weights that other trials start from
  std::string pretrained;       // id of the trial whose weights this one starts from, "" for none
  std::vector<PluginFile> plugins;

  // 16 hex digits of the hash of the canonical JSON, without names that do not change the outcome
  // (suite, model_name, task_name, paths of plugins and data, what other settings were tried), and
  // without what is as by default: an option that is new changes no id.
  std::string id() const;
  // Of all values, those as by default too. Timings are found by it: they know no defaults.
  std::string exact_id() const;

  // Whether it is the trial `other` in all that changes the outcome: one id may stand for two
  // trials once a default changes.
  bool is_same_trial(const TrialSpec& other) const;
};

// What a suite's `baselines:` may list.
const std::vector<std::string>& extra_baselines();

nlohmann::json to_json(const TrialSpec& spec);
TrialSpec trial_from_json(const nlohmann::json& json);  // throws Error naming the key

}  // namespace longhaul

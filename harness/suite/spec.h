#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "longhaul/options.h"
#include "longhaul/registry.h"

namespace longhaul {

// The settings of the backbone around a mixer and of its training: what a suite's `defaults:` may
// name, and what a model or task entry may override. Every one has a documented default.
struct Settings {
  // backbone
  int64_t d_model = 64;
  int64_t layers = 2;
  double mlp_ratio = 2;    // hidden width of the gated MLP over d_model; 0 leaves the MLP out
  int64_t short_conv = 0;  // taps of the depthwise causal convolution before the mixer; 0 = none
  bool causal = true;
  int64_t locality = 0;  // positions of a window that mixers cannot look out of; 0 = no windows
  std::string pooling = "mean";  // mean | last: read-out of sequence-level tasks
  double dropout = 0;
  // training
  int64_t batch = 32;
  int64_t lanes = 8;
  std::string loss = "cross_entropy";  // harness/train/objective.h
  std::string loss_head = "fixed";
  std::string loss_mix = "cross_entropy";
  double loss_gamma = 0.1;
  double loss_tau = 1;
  double label_noise = 0;           // share of training answers that are wrong
  std::string optimizer = "adamw";  // math/optimizer.h
  double momentum = 0.9;
  double learning_rate = 3e-3;
  double warmup = 0.1;  // share of the budget
  double weight_decay = 0.05;
  double clip = 1;             // global norm; 0 = none
  int64_t train_examples = 0;  // 0 = without end, or all that a task's files hold
  double label_fraction = 1;   // of train_examples, or of the stored ones: those with an answer
  // self-pretraining
  std::string pretrain = "none";  // none | masked | causal | longer (suite/pretraining.h)
  int64_t pretrain_steps = 0;     // 0 = as many as the budget has
  double pretrain_mask = 0.5;     // share of positions that `masked` hides
  // evaluation
  int64_t evaluations = 4;  // validation passes during training, evenly spaced, the last at the end
  int64_t validation_examples = 500;
  int64_t test_examples = 1000;
};

// Reads settings from options (and so declares them for --help and errors); what is not given keeps
// its value from `base`.
Settings read_settings(Options& options, const Settings& base = {});
OptionMap to_options(const Settings& settings);

// Training ends with the first limit reached; 0 means no such limit.
struct Budget {
  int64_t steps = 0;
  double seconds = 0;
  double tokens = 0;  // of training, padding not counted
  double flops = 0;   // of training steps, as the operators that ran count them
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

// A shared object that a trial's model or task comes from, and what it held when the trial was
// planned: a plugin that was rebuilt makes another trial, wherever its file lies.
struct PluginFile {
  std::string path;
  std::string content;  // hash of its bytes, 16 hex digits
};

// One trial, fully resolved: its outcome is a function of this (and of the code's version).
struct TrialSpec {
  std::string suite;
  std::string model_name;  // the row of the table: a variant's own name
  std::string model;       // the registered model
  OptionMap model_options;
  std::string task_name;  // the column of the table
  std::string task;
  OptionMap task_options;
  int64_t task_version = 0;
  Settings settings;
  Budget budget;
  Evaluate evaluate;
  std::vector<std::string> diagnostics;  // what is measured on the way (suite/diagnostics.h)
  std::vector<std::string> baselines;    // beside the ordinary ones: bag_of_tokens
  Tuning tuning;
  uint64_t seed = 0;
  bool is_pretraining = false;  // it trains weights that other trials start from
  std::string pretrained;       // id of the trial whose weights this one starts from, "" for none
  std::vector<PluginFile> plugins;

  // 16 hex digits of the hash of the canonical JSON without names that do not change the outcome
  // (suite, model_name, task_name, paths of plugins, what other settings were tried).
  std::string id() const;
};

std::string to_hex(uint64_t hash);  // 16 digits

nlohmann::json to_json(const TrialSpec& spec);
TrialSpec trial_from_json(const nlohmann::json& json);  // throws Error naming the key

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <string>

#include "harness/settings/field.h"
#include "longhaul/options.h"
#include "longhaul/registry.h"

namespace longhaul {

// The settings of the backbone around a mixer and of its training: what a suite's `defaults:` may
// name, and what a model or task entry may override. Here stand the defaults; what each setting
// means and may be stands in its row of settings.cpp.
struct Settings {
  // backbone
  int64_t d_model = 64;
  int64_t layers = 2;
  std::string norm = "rms";
  std::string norm_place = "pre";
  std::string feed_forward = "gated";
  double mlp_ratio = 2;
  int64_t short_conv = 0;
  std::string canon = "none";
  bool causal = true;
  int64_t locality = 0;
  std::string pooling = "mean";
  bool tied_embedding = false;
  double dropout = 0;
  bool checkpoint_blocks = false;
  // training
  int64_t batch = 32;
  int64_t lanes = 8;
  std::string precision = "float32";
  std::string loss = "cross_entropy";
  std::string loss_head = "fixed";
  std::string loss_mix = "cross_entropy";
  double loss_gamma = 0.1;
  double loss_tau = 1;
  double label_smoothing = 0;
  double label_noise = 0;
  std::string optimizer = "adamw";
  double momentum = 0.9;
  double beta1 = 0.9;
  double beta2 = 0;
  double learning_rate = 3e-3;
  std::string schedule = "cosine";
  double warmup = 0.1;
  double cooldown = 0.2;
  double rate_floor = 0;
  double weight_decay = 0.05;
  double clip = 1;
  double weight_average = 0;
  int64_t train_examples = 0;
  double label_fraction = 1;
  // self-pretraining
  std::string pretrain = "none";
  int64_t pretrain_steps = 0;
  double pretrain_mask = 0.5;
  // evaluation
  int64_t evaluations = 4;
  int64_t patience = 0;
  int64_t validation_examples = 500;
  int64_t test_examples = 1000;
};

struct Setting : Field<Settings> {
  bool is_for_answers = false;  // no part of it bears on self-pretraining
};

// The one table of settings. A loss or an optimizer may have any name: a plugin may bring it.
const std::vector<Setting>& setting_table();
// The same with the names that the registry knows, and no other.
std::vector<Setting> setting_table(const Registry& registry);

// Reads settings from options (and so declares them for --help and errors); what is not given keeps
// its value from `base`.
Settings read_settings(Options& options, const Settings& base = {});
// The same; a name that the registry does not know is a problem.
Settings read_settings(Options& options, const Settings& base, const Registry& registry);
OptionMap to_options(const Settings& settings);

// Throws Error listing every setting that has a value which it may not have.
void check_settings(const Settings& settings, const Registry& registry);

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <string>

#include "longhaul/options.h"

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
  std::string pretrain = "none";  // none | masked | causal | longer (harness/suite/pretraining.h)
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

}  // namespace longhaul

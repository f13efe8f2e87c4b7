#include "harness/settings/settings.h"

namespace longhaul {
namespace {

// Sources: math/ops/losses.h.
void read_loss(Options& options, Settings& s, const Settings& base) {
  s.loss = options.choice("loss", base.loss,
                          {"cross_entropy", "emo", "smooth_accuracy", "tailr", "logit_adjusted"},
                          "what training minimises; scores and curves are the same for all");
  s.loss_head =
      options.choice("loss_head", base.loss_head, {"fixed", "adaptive"},
                     "emo: class vectors of the head, as training found them or as they are");
  s.loss_mix = options.choice("loss_mix", base.loss_mix, {"cross_entropy", "none"},
                              "emo: added in equal parts; none is slow from random weights");
  s.loss_gamma = options.number("loss_gamma", base.loss_gamma,
                                "tailr: 0 is cross entropy, 1 smooth accuracy", 0, 1);
  s.loss_tau = options.number("loss_tau", base.loss_tau,
                              "logit_adjusted: weight of the classes' log frequencies", 0, 10);
  s.label_noise = options.number("label_noise", base.label_noise,
                                 "share of training answers replaced by another class", 0, 1);
}

}  // namespace

Settings read_settings(Options& options, const Settings& base) {
  Settings s;
  s.d_model = options.integer("d_model", base.d_model, "width of the residual stream", 1, 16384);
  s.layers = options.integer("layers", base.layers, "blocks of mixer and MLP", 1, 1024);
  s.mlp_ratio =
      options.number("mlp_ratio", base.mlp_ratio,
                     "hidden width of the gated MLP over d_model; 0 leaves it out", 0, 64);
  s.short_conv = options.integer(
      "short_conv", base.short_conv,
      "taps of the depthwise causal convolution before the mixer; 0 leaves it out", 0, 256);
  s.causal = options.flag("causal", base.causal, "whether a position may see only earlier ones");
  s.locality = options.integer(
      "locality", base.locality,
      "sequences are cut into windows of so many positions that see nothing of each other; 0 does "
      "not cut",
      0, 1 << 24);
  s.pooling = options.choice("pooling", base.pooling, {"mean", "last"},
                             "read-out of tasks with one answer a sequence");
  s.dropout =
      options.number("dropout", base.dropout, "share of activations dropped in training", 0, 0.9);
  s.batch = options.integer("batch", base.batch, "sequences a training step", 1, 1 << 20);
  s.lanes = options.integer(
      "lanes", base.lanes,
      "parts that a batch is split into, each run by one thread; results depend on it", 1, 1 << 16);
  read_loss(options, s, base);
  s.optimizer = options.choice("optimizer", base.optimizer, {"adamw", "sgd", "sign_sgd", "lion"},
                               "how weights follow from gradients; sign_sgd has no momentum");
  s.momentum = options.number("momentum", base.momentum,
                              "sgd: share of the last step that the next one keeps", 0, 0.9999);
  s.learning_rate = options.number("learning_rate", base.learning_rate,
                                   "highest learning rate, after warm-up", 1e-9, 10);
  s.warmup = options.number("warmup", base.warmup, "share of the budget with a rising rate", 0, 1);
  s.weight_decay =
      options.number("weight_decay", base.weight_decay,
                     "what the rate times this takes off every weight at a step", 0, 10);
  s.clip = options.number("clip", base.clip, "largest global gradient norm; 0 does not clip", 0);
  s.train_examples = options.integer(
      "train_examples", base.train_examples,
      "different training examples, seen epoch by epoch; 0: without end, or all in the files", 0);
  s.label_fraction = options.number(
      "label_fraction", base.label_fraction,
      "share of the training examples that have an answer; pretraining sees all of them", 1e-6, 1);
  s.pretrain = options.choice(
      "pretrain", base.pretrain, {"none", "masked", "causal", "longer"},
      "self-pretraining on the task's own inputs; longer: none, but as many steps in all");
  s.pretrain_steps = options.integer("pretrain_steps", base.pretrain_steps,
                                     "steps of pretraining; 0: as many as the budget has", 0);
  s.pretrain_mask = options.number("pretrain_mask", base.pretrain_mask,
                                   "share of positions that masked pretraining hides", 0, 1);
  s.evaluations = options.integer("evaluations", base.evaluations,
                                  "validation passes of a training run", 1, 100000);
  s.validation_examples = options.integer("validation_examples", base.validation_examples,
                                          "examples a validation pass scores", 1, 100000000);
  s.test_examples = options.integer("test_examples", base.test_examples,
                                    "examples that the final test scores", 1, 100000000);
  return s;
}

OptionMap to_options(const Settings& settings) {
  Options options;
  read_settings(options, settings);
  return options.resolved();
}

}  // namespace longhaul

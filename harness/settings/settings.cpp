#include "harness/settings/settings.h"

#include "core/losses.h"
#include "harness/settings/pretrainings.h"
#include "longhaul/network.h"
#include "math/optimizer.h"
#include "math/precision.h"
#include "math/schedule.h"
#include "support/choices.h"

namespace longhaul {

const std::vector<Setting>& setting_table() {
  using S = Settings;
  using Integer = Field<S>::Integer;
  using Number = Field<S>::Number;
  using Flag = Field<S>::Flag;
  using Choice = Field<S>::Choice;
  using Name = Field<S>::Name;
  constexpr bool kForAnswers = true;
  static const std::vector<Setting> table = {
      {{"d_model", Integer{&S::d_model, 1, 16384}, "width of the residual stream"}},
      {{"layers", Integer{&S::layers, 1, 1024}, "blocks of mixer and MLP"}},
      {{"norm", Choice{&S::norm, {"rms", "layer", "batch"}},
        "rms and layer norm each position, batch norms each channel over a lane's positions"}},
      {{"norm_place", Choice{&S::norm_place, {"pre", "post"}},
        "before the mixer and the MLP, or after each was added"}},
      {{"feed_forward",
        Choice{&S::feed_forward, {"gated", "gelu", "glu", "half_glu1", "half_glu2"}},
        "gated or gelu: an MLP after the mixer; the others: gates on the mixer's output, as in the "
        "papers of S4, LRU and S5, and no MLP"}},
      {{"mlp_ratio", Number{&S::mlp_ratio, 0, 64},
        "hidden width of the MLP over d_model; 0 leaves it out"}},
      {{"short_conv", Integer{&S::short_conv, 0, 256},
        "taps of the depthwise causal convolution before the mixer; 0 leaves it out"}},
      {{"canon", Choice{&S::canon, {"none", "A", "C", "AC"}},
        "points with a Canon layer, a depthwise causal convolution of 4 taps that is added to its "
        "input: A before the mixer, C before the MLP"}},
      {{"causal", Flag{&S::causal}, "whether a position may see only earlier ones"}},
      {{"locality", Integer{&S::locality, 0, 1 << 24},
        "sequences are cut into windows of so many positions that see nothing of each other; 0 "
        "does not cut"}},
      {{"pooling", Choice{&S::pooling, names_of(poolings())},
        "read-out of tasks with one answer a sequence"},
       kForAnswers},
      {{"tied_embedding", Flag{&S::tied_embedding},
        "the head's class vectors are the embedding's rows: for answers out of the vocabulary"},
       kForAnswers},
      {{"dropout", Number{&S::dropout, 0, 0.9}, "share of activations dropped in training"}},
      {{"checkpoint_blocks", Flag{&S::checkpoint_blocks},
        "training keeps the input of each block alone and computes the block again in the backward "
        "pass: less memory, more time, the same results"}},
      {{"batch", Integer{&S::batch, 1, 1 << 20}, "sequences a training step"}},
      {{"lanes", Integer{&S::lanes, 1, 1 << 16},
        "parts that a batch is split into, each run by one thread, or by all if few and long; "
        "results depend on it"}},
      {{"precision", Choice{&S::precision, precision_names()},
        "of the products of matrices: float32; bf16, which rounds their operands, sums in float32 "
        "and needs a processor with AVX512-BF16; bf16_emulated: the same bits on any processor"}},
      {{"loss", Name{&S::loss, names_of(losses())},
        "what training minimises; scores and curves are the same for all"},
       kForAnswers},
      {{"loss_head", Choice{&S::loss_head, {"fixed", "adaptive"}},
        "emo: class vectors of the head, as training found them or as they are"},
       kForAnswers},
      {{"loss_mix", Choice{&S::loss_mix, {"cross_entropy", "none"}},
        "emo: added in equal parts; none is slow from random weights"},
       kForAnswers},
      {{"loss_gamma", Number{&S::loss_gamma, 0, 1}, "tailr: 0 is cross entropy, 1 smooth accuracy"},
       kForAnswers},
      {{"loss_tau", Number{&S::loss_tau, 0, 10},
        "logit_adjusted: weight of the classes' log frequencies"},
       kForAnswers},
      {{"label_smoothing", Number{&S::label_smoothing, 0, 1},
        "cross_entropy: share of the answer that is spread over all classes"},
       kForAnswers},
      {{"label_noise", Number{&S::label_noise, 0, 1},
        "share of training answers replaced by another class"},
       kForAnswers},
      {{"optimizer", Name{&S::optimizer, names_of(optimizers())},
        "how weights follow from gradients; sign_sgd has no momentum"}},
      {{"momentum", Number{&S::momentum, 0, 0.9999},
        "sgd, muon: share of the last step that the next one keeps"}},
      {{"beta1", Number{&S::beta1, 0, 0.99999},
        "adamw, lion, and muon's adamw: how slowly the mean of gradients fades"}},
      {{"beta2", Number{&S::beta2, 0, 0.99999},
        "of adamw's squared gradients and lion's mean; 0: the optimizer's own; 1e-9 keeps "
        "as good as nothing of the steps before"}},
      {{"learning_rate", Number{&S::learning_rate, 0, 10},
        "highest learning rate, after warm-up; 0 leaves the weights as they began"}},
      {{"schedule", Choice{&S::schedule, names_of(schedules())},
        "how the learning rate falls after warm-up"}},
      {{"warmup", Number{&S::warmup, 0, 1}, "share of the budget with a rising rate"}},
      {{"cooldown", Number{&S::cooldown, 0, 1},
        "warmup_stable_decay: share of the budget with a falling rate"}},
      {{"rate_floor", Number{&S::rate_floor, 0, 1},
        "share of learning_rate at which the schedule ends"}},
      {{"weight_decay", Number{&S::weight_decay, 0, 10},
        "what the rate times this takes off every weight at a step"}},
      {{"clip", Number{&S::clip}, "largest global gradient norm; 0 does not clip"}},
      {{"weight_average", Number{&S::weight_average, 0, 0.999999},
        "share of the weights' running average that a step keeps; the average is validated, tested "
        "and stored; 0: the weights themselves"}},
      {{"train_examples", Integer{&S::train_examples},
        "different training examples, seen epoch by epoch; 0: without end, or all in the files"}},
      {{"label_fraction", Number{&S::label_fraction, 1e-6, 1},
        "share of the training examples that have an answer; pretraining sees all of them"},
       kForAnswers},
      {{"pretrain", Choice{&S::pretrain, names_of(pretrainings())},
        "self-pretraining on the task's own inputs; longer: none, but as many steps in all"}},
      {{"pretrain_steps", Integer{&S::pretrain_steps},
        "steps of pretraining; 0: as many as the budget has"}},
      {{"pretrain_mask", Number{&S::pretrain_mask, 0, 1},
        "share of positions that masked pretraining hides"}},
      {{"evaluations", Integer{&S::evaluations, 1, 100000}, "validation passes of a training run"}},
      {{"patience", Integer{&S::patience, 0, 100000},
        "validation passes without a better one after which training ends; 0: it does not"}},
      {{"validation_examples", Integer{&S::validation_examples, 1, 100000000},
        "examples a validation pass scores"}},
      {{"test_examples", Integer{&S::test_examples, 1, 100000000},
        "examples that the final test scores"},
       kForAnswers},
  };
  return table;
}

std::vector<Setting> setting_table(const Registry& registry) {
  using Choice = Field<Settings>::Choice;
  std::vector<Setting> table = setting_table();
  for (Setting& setting : table)
    if (setting.name == "loss")
      setting.value = Choice{&Settings::loss, names_of(registry.losses())};
    else if (setting.name == "optimizer")
      setting.value = Choice{&Settings::optimizer, names_of(registry.optimizers())};
  return table;
}

Settings read_settings(Options& options, const Settings& base) {
  return read_fields(setting_table(), options, base);
}

Settings read_settings(Options& options, const Settings& base, const Registry& registry) {
  return read_fields(setting_table(registry), options, base);
}

OptionMap to_options(const Settings& settings) {
  Options options;
  read_settings(options, settings);
  return options.resolved();
}

void check_settings(const Settings& settings, const Registry& registry) {
  Options options(to_options(settings));
  read_settings(options, {}, registry);
  options.check("settings");
}

}  // namespace longhaul

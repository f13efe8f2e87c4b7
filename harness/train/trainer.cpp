#include "harness/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "harness/data/batches.h"
#include "harness/train/diagnostics.h"
#include "harness/train/objective.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "support/clock.h"

namespace longhaul {
namespace {

constexpr int64_t kCurvePoints = 100;
constexpr int64_t kWarmSteps = 2;  // before peaks are reset: caches and kernels are made in these

std::vector<Tensor> copy_values(const std::vector<Parameter>& parameters) {
  const MemoryScope scope(Memory::optimizer);
  std::vector<Tensor> copies;
  copies.reserve(parameters.size());
  for (const Parameter& parameter : parameters) copies.push_back(parameter.value.clone());
  return copies;
}

void restore_values(const std::vector<Parameter>& parameters, const std::vector<Tensor>& copies) {
  for (std::size_t i = 0; i < copies.size(); ++i)
    std::copy_n(copies[i].data(), copies[i].size(), parameters[i].value.data());
}

class Trainer {
 public:
  Trainer(Model& model, const Task& task, const TrialSpec& spec,
          const std::function<void(const Progress&)>& report, Training& training)
      : model_(model),
        task_(task),
        spec_(spec),
        settings_(spec.settings),
        report_(report),
        offsets_(gradient_layout(model.parameters())),
        lanes_(model, settings_.lanes, offsets_, make_objective(settings_, model.head(), task)),
        optimizer_(model.parameters(), offsets_,
                   {.name = settings_.optimizer,
                    .momentum = settings_.momentum,
                    .weight_decay = settings_.weight_decay}),
        validation_(draw_all(task, Split::validation, settings_.validation_examples)),
        diagnostics_(model, spec.diagnostics, settings_.causal, offsets_),
        result_(training) {}

  void run() {
    try {
      train();
    } catch (...) {
      finish();
      throw;
    }
    restore_values(model_.parameters(), best_);
    finish();
  }

 private:
  void train() {
    double done = 0;  // share of the budget
    for (int64_t evaluated = 0; done < 1;) {
      done = step(done);
      if (done * static_cast<double>(settings_.evaluations) >= static_cast<double>(evaluated + 1)) {
        validate();
        evaluated = static_cast<int64_t>(done * static_cast<double>(settings_.evaluations));
      }
      progress_.fraction = done;
      report_(progress_);
    }
  }

  // The share of the budget that is spent.
  double spent() const {
    const Budget& budget = spec_.budget;
    const std::pair<double, double> counts[] = {
        {static_cast<double>(result_.steps), static_cast<double>(budget.steps)},
        {result_.seconds, budget.seconds},
        {static_cast<double>(result_.tokens), budget.tokens},
        {static_cast<double>(flops_), budget.flops}};
    double share = 0;
    for (const auto& [count, limit] : counts)
      if (limit > 0) share = std::max(share, count / limit);
    return std::min(share, 1.0);
  }

  // The share at the middle of the running step, whose tokens and operations count already, so that
  // neither the first nor the last step is idle.
  double middle(double done) const {
    const double half_step =
        spec_.budget.steps > 0 ? 0.5 / static_cast<double>(spec_.budget.steps) : 0;
    return std::max({done + half_step, (done + spent()) / 2, 1e-3});
  }

  double step(double done) {
    Stopwatch watch;
    model_.redraw(result_.steps);
    result_.seconds += watch.seconds();
    diagnostics_.before_step();  // after what is drawn: an update is the optimizer's
    watch.restart();
    if (result_.steps == kWarmSteps) reset_peak_bytes();
    const std::vector<Batch> batches =
        draw_batches(task_, Split::train, spec_.seed + 1, result_.steps * settings_.batch,
                     settings_.batch, settings_.lanes, settings_.label_noise);
    const uint64_t dropout_seed = spec_.seed * 0x9e3779b9 + static_cast<uint64_t>(result_.steps);
    const Lanes::Result lanes = lanes_.run(batches, dropout_seed);
    if (!std::isfinite(lanes.objective) || !std::isfinite(lanes.gradient_norm))
      throw Diverged(text("loss ", lanes.objective, ", gradient norm ", lanes.gradient_norm,
                          " at step ", result_.steps + 1));
    const double factor =
        settings_.clip > 0 ? std::min(1.0, settings_.clip / (lanes.gradient_norm + 1e-12)) : 1;
    for (const Batch& batch : batches) result_.tokens += batch.token_count();
    flops_ += lanes_.measured().flops;
    optimizer_.step(lanes_.gradient(), factor,
                    settings_.learning_rate * warmup_cosine(middle(done), settings_.warmup));
    ++result_.steps;
    losses_.push_back(lanes.cross_entropy);
    result_.seconds += watch.seconds();
    diagnostics_.after_step(result_.steps, lanes_, batches, dropout_seed, lanes.objective);
    progress_.step = result_.steps;
    progress_.loss = lanes.cross_entropy;
    progress_.tokens_per_second = static_cast<double>(result_.tokens) / result_.seconds;
    return spent();
  }

  void validate() {
    const Score score = evaluate(model_, validation_);
    if (score.unanswered > 0)
      throw Diverged(text("logits of ", score.unanswered, " validation answers are not numbers at ",
                          "step ", result_.steps));
    if (!std::isfinite(score.loss))
      throw Diverged(text("validation loss ", score.loss, " at step ", result_.steps));
    result_.curve.push_back({result_.steps, "validation", "accuracy", score.accuracy});
    result_.curve.push_back({result_.steps, "validation", "loss", score.loss});
    progress_.accuracy = score.accuracy;
    diagnostics_.after_validation(result_.steps, validation_[validation_.size() / 2]);
    if (best_.empty() || score.accuracy > result_.validation) {
      best_ = copy_values(model_.parameters());
      result_.validation = score.accuracy;
      result_.selected_step = result_.steps;
    }
  }

  void finish() {
    result_.diagnostics = diagnostics_.points();
    const auto count = static_cast<int64_t>(losses_.size());
    const int64_t tail = std::max<int64_t>(count / 10, 1);
    for (int64_t i = std::max<int64_t>(count - tail, 0); i < count; ++i)
      result_.train_loss += losses_[i] / static_cast<double>(tail);
    const int64_t stride = std::max<int64_t>(count / kCurvePoints, 1);
    for (int64_t i = stride - 1; i < count; i += stride)
      result_.curve.push_back({i + 1, "train", "loss", losses_[i]});
    result_.flops_per_token =
        static_cast<double>(flops_) / static_cast<double>(std::max<int64_t>(result_.tokens, 1));
    result_.peak_activation_bytes = peak_bytes(Memory::activations);
    for (const auto& [name, mean] : lanes_.measured().notes) result_.notes[name] = mean.value();
  }

  Model& model_;
  const Task& task_;
  const TrialSpec& spec_;
  const Settings& settings_;
  const std::function<void(const Progress&)>& report_;
  std::vector<int64_t> offsets_;
  Lanes lanes_;
  Optimizer optimizer_;
  std::vector<Batch> validation_;  // by length
  Diagnostics diagnostics_;
  std::vector<double> losses_;
  std::vector<Tensor> best_;
  int64_t flops_ = 0;
  Progress progress_;
  Training& result_;
};

}  // namespace

void train(Model& model, const Task& task, const TrialSpec& spec,
           const std::function<void(const Progress&)>& report, Training& training) {
  check_settings(spec.settings);
  Trainer(model, task, spec, report, training).run();
}

}  // namespace longhaul

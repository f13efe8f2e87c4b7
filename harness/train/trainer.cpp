#include "harness/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "harness/data/batches.h"
#include "harness/data/examples.h"
#include "harness/train/diagnostics.h"
#include "harness/train/objective.h"
#include "harness/train/scoring.h"
#include "harness/train/stop_request.h"
#include "harness/train/weight_average.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "math/schedule.h"
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
  Trainer(Model& model, const Task& task, const TrialSpec& spec, const Listeners& listeners,
          ResumeFiles& resume, Training& training, const Registry& registry)
      : model_(model),
        task_(task),
        spec_(spec),
        settings_(spec.settings),
        listeners_(listeners),
        resume_(resume),
        offsets_(gradient_layout(model.parameters())),
        lanes_(model, settings_.lanes, offsets_,
               make_objective(settings_, model.head(), task, registry)),
        optimizer_(model.parameters(), offsets_,
                   {.momentum = settings_.momentum,
                    .weight_decay = settings_.weight_decay,
                    .beta1 = settings_.beta1,
                    .beta2 = settings_.beta2},
                   registry.optimizer(settings_.optimizer)),
        schedule_{settings_.schedule, settings_.warmup, settings_.cooldown, settings_.rate_floor},
        average_(model.parameters(), settings_.weight_average),
        validation_(draw_all(task, Split::validation, settings_.validation_examples)),
        metrics_(with_builtin_metrics(spec.metrics, registry)),
        diagnostics_(model, spec.diagnostics, settings_.causal, offsets_),
        result_(training),
        state_(training.state) {
    progress_.metric = metric_of(task);
  }

  void run() {
    try {
      go_on();
      train();
    } catch (...) {
      sum_up();
      throw;
    }
    restore_values(model_.parameters(), best_);
    sum_up();
  }

 private:
  // Ends when the budget is spent or patience has run out. A request to stop (a signal) ends it by
  // StoredToResume.
  void train() {
    HeldStop stop;
    const auto evaluations = static_cast<double>(settings_.evaluations);
    for (double done = spent(); done < 1 && has_patience();) {
      done = step(done);
      if (done * evaluations >= static_cast<double>(state_.evaluations + 1)) {
        validate();
        state_.evaluations = static_cast<int64_t>(done * evaluations);
        sum_up();
        listeners_.so_far(result_);
      }
      const bool is_over = done == 1 || !has_patience();
      progress_.fraction = is_over ? 1 : done;
      listeners_.step(progress_);
      // The tests that follow may take long, so that the end of a long training is stored too.
      const bool is_asked = !ranks_.broadcast(stop.arrived() ? "stop" : "").empty();
      if (is_asked || resume_.is_due() || (is_over && resume_.has_written())) store();
      if (is_asked) throw StoredToResume(text("stored at step ", state_.steps));
    }
  }

  // All tensors that the next step depends on, or the end: by name.
  std::vector<NamedTensor> tensors() const {
    std::vector<NamedTensor> all;
    const std::vector<Parameter>& parameters = model_.parameters();
    for (const Parameter& parameter : parameters)
      all.push_back({"weights/" + parameter.name, parameter.value});
    for (std::size_t i = 0; i < best_.size(); ++i)
      all.push_back({"best/" + parameters[i].name, best_[i]});
    for (const auto& [name, tensor] : optimizer_.kept())
      all.push_back({"optimizer/" + name, tensor});
    for (std::size_t i = 0; i < average_.values().size(); ++i)
      all.push_back({"average/" + parameters[i].name, average_.values()[i]});
    for (const auto& [name, states] : lanes_.last_states()) all.push_back({"last/" + name, states});
    return all;
  }

  void store() {
    sum_up();
    listeners_.so_far(result_);
    if (ranks_.is_first()) resume_.write(state_, tensors());
  }

  // Takes up the training where an earlier process left it, if one did, and tells of it at once: a
  // crash in the next step must not lose what was found.
  void go_on() {
    std::optional<ResumeFiles::Content> found = resume_.read();
    if (!found) return;
    state_ = std::move(found->state);
    if (state_.selected_step > 0) best_ = copy_values(model_.parameters());
    for (NamedTensor& tensor : tensors()) {
      const Tensor& stored = found->tensors.at(tensor.name);
      std::copy_n(stored.data(), stored.size(), tensor.value.data());
    }
    lanes_.resume_last_states(found->tensors, "last/");
    optimizer_.resume(state_.steps);
    diagnostics_.resume(state_.diagnostics);
    earlier_peak_ = state_.peak_activation_bytes;
    sum_up();
    listeners_.so_far(result_);
    if (state_.selected_step > 0) progress_.accuracy = state_.accuracy;
    progress_.began = progress_.fraction = spent();
    note_step();
    listeners_.step(progress_);
  }

  // The share of the budget that is spent.
  double spent() const {
    const Budget& budget = spec_.budget;
    const std::pair<double, double> counts[] = {
        {static_cast<double>(state_.steps), static_cast<double>(budget.steps)},
        {state_.seconds, budget.seconds},
        {static_cast<double>(state_.tokens), budget.tokens},
        {static_cast<double>(state_.flops), budget.flops}};
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
    model_.redraw(state_.steps);
    state_.seconds += watch.seconds();
    diagnostics_.before_step();  // after what is drawn: an update is the optimizer's
    watch.restart();
    if (made_++ == kWarmSteps) reset_peak_bytes();
    const std::vector<Batch> batches =
        draw_batches(task_, Split::train, spec_.seed + 1, state_.steps * settings_.batch,
                     settings_.batch, settings_.lanes, settings_.label_noise);
    const uint64_t dropout_seed = spec_.seed * 0x9e3779b9 + static_cast<uint64_t>(state_.steps);
    const Lanes::Result lanes = lanes_.run(batches, dropout_seed);
    if (!std::isfinite(lanes.objective) || !std::isfinite(lanes.gradient_norm))
      throw Diverged(text("loss ", lanes.objective, ", gradient norm ", lanes.gradient_norm,
                          " at step ", state_.steps + 1));
    const double factor =
        settings_.clip > 0 ? std::min(1.0, settings_.clip / (lanes.gradient_norm + 1e-12)) : 1;
    for (const Batch& batch : batches) state_.tokens += batch.token_count();
    state_.flops += lanes_.measured().flops;
    optimizer_.step(lanes_.gradient(), factor,
                    settings_.learning_rate * rate_share(schedule_, middle(done)));
    ++state_.steps;
    average_.add(state_.steps);
    state_.losses.push_back(lanes.plain_loss);
    state_.seconds += watch.seconds();
    if (spec_.budget.seconds > 0) agree_on(state_.seconds);
    diagnostics_.after_step(state_.steps, lanes_, batches, dropout_seed, lanes.objective);
    note_step();
    return spent();
  }

  void note_step() {
    progress_.step = state_.steps;
    progress_.loss = state_.losses.back();
    progress_.tokens_per_second = static_cast<double>(state_.tokens) / state_.seconds;
  }

  // Processes that share a trial must end it at the same step.
  void agree_on(double& seconds) const {
    if (ranks_.size() > 1) seconds = ranks_.gather(std::vector<double>{seconds}).front();
  }

  // Of the averaged weights, if there are any.
  void validate() {
    average_.swap();
    const Score score = evaluate(model_, validation_, metrics_);
    if (score.unanswered > 0)
      throw Diverged(text("logits of ", score.unanswered, " validation answers are not numbers at ",
                          "step ", state_.steps));
    const double value = score.of(metric_of(task_));
    const double loss = score.of(task_.is_regression() ? "mse" : "cross_entropy");
    if (!std::isfinite(loss))
      throw Diverged(text("validation loss ", loss, " at step ", state_.steps));
    state_.validations.push_back({state_.steps, "validation", metric_of(task_), value});
    state_.validations.push_back({state_.steps, "validation", "loss", loss});
    for (const std::string& asked : spec_.metrics)
      state_.validations.push_back({state_.steps, "validation", asked, score.of(asked)});
    progress_.accuracy = state_.accuracy = value;
    diagnostics_.after_validation(state_.steps, validation_[validation_.size() / 2]);
    // Of a regression: the highest R^2 on the same examples, which is the least squared error.
    if (best_.empty() || value > state_.validation) {
      best_ = copy_values(model_.parameters());
      state_.validation = value;
      state_.selected_step = state_.steps;
    }
    average_.swap();
  }

  // Whether the last `patience` validation passes had a better one among them.
  bool has_patience() const {
    if (settings_.patience == 0) return true;
    return settings_.patience > std::count_if(state_.validations.begin(), state_.validations.end(),
                                              [&](const CurvePoint& point) {
                                                return is_score(point.metric) &&
                                                       point.step > state_.selected_step;
                                              });
  }

  // What was found so far.
  void sum_up() {
    const std::vector<double>& losses = state_.losses;
    const auto count = static_cast<int64_t>(losses.size());
    const int64_t tail = std::max<int64_t>(count / 10, 1);
    result_.train_loss = 0;
    for (int64_t i = std::max<int64_t>(count - tail, 0); i < count; ++i)
      result_.train_loss += losses[i] / static_cast<double>(tail);
    result_.curve = state_.validations;
    const int64_t stride = std::max<int64_t>(count / kCurvePoints, 1);
    for (int64_t i = stride - 1; i < count; i += stride)
      result_.curve.push_back({i + 1, "train", "loss", losses[i]});
    result_.flops_per_token = static_cast<double>(state_.flops) /
                              static_cast<double>(std::max<int64_t>(state_.tokens, 1));
    state_.peak_activation_bytes = std::max(earlier_peak_, peak_bytes(Memory::activations));
    for (const auto& [name, mean] : lanes_.measured().notes) state_.notes[name] = mean.value();
    state_.diagnostics = diagnostics_.state();
  }

  Model& model_;
  const Task& task_;
  const TrialSpec& spec_;
  const Settings& settings_;
  const Listeners& listeners_;
  ResumeFiles& resume_;
  const Ranks& ranks_ = Ranks::all();
  std::vector<int64_t> offsets_;
  Lanes lanes_;
  Optimizer optimizer_;
  ScheduleSpec schedule_;
  WeightAverage average_;
  std::vector<Batch> validation_;  // by length
  std::vector<MetricInfo> metrics_;
  Diagnostics diagnostics_;
  std::vector<Tensor> best_;  // none before the first validation
  int64_t made_ = 0;          // steps, by this process
  int64_t earlier_peak_ = 0;  // of activations, in a process before
  Progress progress_;
  Training& result_;
  TrainingState& state_;  // of the result
};

}  // namespace

void train(Model& model, const Task& task, const TrialSpec& spec, const Listeners& listeners,
           ResumeFiles& resume, Training& training, const Registry& registry) {
  check_settings(spec.settings, registry);
  Trainer(model, task, spec, listeners, resume, training, registry).run();
}

}  // namespace longhaul

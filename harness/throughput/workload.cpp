#include "harness/throughput/workload.h"

#include "harness/train/lanes.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "support/clock.h"

namespace longhaul {
namespace {

constexpr uint64_t kSeed = 1;
constexpr int64_t kDecodedPositions = 32;  // of a run: long enough for the clock
constexpr double kLearningRate = 1e-4;

std::vector<Example> random_examples(int64_t length, int64_t count) {
  const TaskShape task = timed_task(length);
  std::vector<Example> examples(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < examples.size(); ++i) {
    Rng rng(kSeed, "throughput", i);
    examples[i].tokens.resize(static_cast<std::size_t>(length));
    for (int32_t& token : examples[i].tokens)
      token = static_cast<int32_t>(rng.between(1, task.vocab - 1));
    examples[i].targets = {static_cast<int32_t>(rng.below(task.classes))};
  }
  return examples;
}

// The model as every phase has it.
class ModelWorkload : public Workload {
 public:
  ModelWorkload(const TrialSpec& spec, const Registry& registry, int64_t length)
      : settings_(spec.settings), model_(build(spec, registry, length)) {
    for (const Parameter& parameter : model_.parameters())
      cost_.parameter_bytes += parameter.value.bytes();
  }

 protected:
  const Settings settings_;
  const Model model_;

 private:
  static Model build(const TrialSpec& spec, const Registry& registry, int64_t length) {
    const MemoryScope scope(Memory::parameters);
    Options options(spec.model_options);
    Model model(registry.model(spec.model), options, spec.settings, timed_task(length), kSeed);
    options.check(spec.model_name);
    return model;
  }
};

// Forward, backward and optimizer, as in a trial.
class TrainWorkload final : public ModelWorkload {
 public:
  TrainWorkload(const TrialSpec& spec, const Registry& registry, int64_t length, int64_t batch)
      : ModelWorkload(spec, registry, length),
        tokens_(batch * length),
        batches_(split(random_examples(length, batch), settings_.lanes, Readout::sequence)),
        offsets_(gradient_layout(model_.parameters())),
        before_(live_bytes(Memory::optimizer)),
        lanes_(model_, settings_.lanes, offsets_),
        optimizer_(model_.parameters(), offsets_, {.weight_decay = settings_.weight_decay},
                   registry.optimizer(settings_.optimizer)) {
    cost_.optimizer_bytes = live_bytes(Memory::optimizer) - before_;
    update_bytes_ = 3 * cost_.parameter_bytes;  // weights are read and written, gradients read
    for (const auto& [name, kept] : optimizer_.kept()) update_bytes_ += 2 * kept.bytes();
  }

 private:
  Step step(Measurement& measured) override {
    lanes_.profile_operators(measured.profile.has_value());
    const Meter meter(measured);
    const Stopwatch watch;
    lanes_.run(batches_, kSeed);
    update();
    const double seconds = watch.seconds();
    measured.add(lanes_.measured());
    return {seconds, tokens_};
  }

  void update() {
    const ProfiledPart part("optimizer", update_bytes_);
    optimizer_.step(lanes_.gradient(), 1, kLearningRate);
  }

  int64_t tokens_;
  std::vector<Batch> batches_;
  std::vector<int64_t> offsets_;
  int64_t before_, update_bytes_;
  Lanes lanes_;
  Optimizer optimizer_;
};

// The forward pass as in evaluation: parts of the batch side by side, and a single sequence split
// over the threads by the kernels themselves.
class PrefillWorkload final : public ModelWorkload {
 public:
  PrefillWorkload(const TrialSpec& spec, const Registry& registry, int64_t length, int64_t batch)
      : ModelWorkload(spec, registry, length),
        tokens_(batch * length),
        batches_(split(random_examples(length, batch), settings_.lanes, Readout::sequence)),
        measured_(batches_.size()) {}

 private:
  Step step(Measurement& measured) override {
    for (Measurement& part : measured_) {
      part.reset();
      part.profile.reset();
      if (measured.profile) part.profile.emplace();
    }
    const Stopwatch watch;
    const auto forward = [&](int64_t i) {
      const Meter meter(measured_[i]);
      model_.forward(batches_[i]);
    };
    const auto parts = static_cast<int64_t>(batches_.size());
    if (parts == 1)
      forward(0);
    else
      parallel_for(parts, 1, [&](int64_t i, int64_t) { forward(i); });
    const double seconds = watch.seconds();
    for (const Measurement& part : measured_) measured.add(part);
    return {seconds, tokens_};
  }

  int64_t tokens_;
  std::vector<Batch> batches_;
  std::vector<Measurement> measured_;
};

// The last positions of the sequences, over and over from a state that has seen all before them.
class DecodeWorkload final : public ModelWorkload {
 public:
  DecodeWorkload(const TrialSpec& spec, const Registry& registry, int64_t length, int64_t batch)
      : ModelWorkload(spec, registry, length), batch_(batch) {
    if (!settings_.causal)
      throw Unsupported("decoding goes from position to position and needs causal: true");
    const std::vector<Example> examples = random_examples(length, batch);
    const Batch all = collate(examples.data(), batch, Readout::sequence);
    const int64_t first = std::max<int64_t>(0, length - kDecodedPositions);
    state_ = model_.start(batch);
    for (int64_t t = 0; t < first; ++t) model_.step(column(all, t, batch), state_);
    for (int64_t t = first; t < length; ++t) columns_.push_back(column(all, t, batch));
  }

 private:
  Step step(Measurement& measured) override {
    DecodeState state = state_.clone();
    const Meter meter(measured);
    const Stopwatch watch;
    for (const Batch& column : columns_) model_.step(column, state);
    const auto positions = static_cast<int64_t>(columns_.size());
    const double seconds = watch.seconds() / static_cast<double>(positions);
    cost_.state_bytes = state.bytes() / batch_;
    return {seconds, batch_ * positions};
  }

  int64_t batch_;
  DecodeState state_;
  std::vector<Batch> columns_;
};

}  // namespace

double Workload::run() {
  Measurement measured;
  return run(measured);
}

double Workload::run(OperatorProfile& profile) {
  Measurement measured;
  measured.profile.emplace();
  const double seconds = run(measured);
  profile.add(*measured.profile);
  return seconds;
}

double Workload::run(Measurement& measured) {
  const int64_t others = live_bytes(Memory::activations);
  reset_peak_bytes();
  const Step done = step(measured);
  cost_.activation_bytes = peak_bytes(Memory::activations) - others;
  cost_.flops_per_token = static_cast<double>(measured.flops) / static_cast<double>(done.tokens);
  return done.seconds;
}

TaskShape timed_task(int64_t length) {
  return {.vocab = 64, .classes = 10, .max_length = length, .readout = Readout::sequence};
}

std::unique_ptr<Workload> make_workload(const TrialSpec& spec, const Registry& registry,
                                        Phase phase, int64_t length, int64_t batch) {
  if (phase == Phase::train) return std::make_unique<TrainWorkload>(spec, registry, length, batch);
  if (phase == Phase::prefill)
    return std::make_unique<PrefillWorkload>(spec, registry, length, batch);
  return std::make_unique<DecodeWorkload>(spec, registry, length, batch);
}

}  // namespace longhaul

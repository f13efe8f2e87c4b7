#include "harness/plan/calibration.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "harness/data/baselines.h"
#include "harness/data/batches.h"
#include "harness/model/stored_model.h"
#include "harness/results/machine.h"
#include "harness/train/evaluation.h"
#include "harness/train/scoring.h"
#include "harness/train/trainer.h"
#include "harness/train/trial_end.h"
#include "harness/train/trial_tasks.h"
#include "math/parallel.h"
#include "support/clock.h"
#include "support/json_fields.h"

namespace longhaul {
namespace {

constexpr double kTrainSeconds = 1.5;  // of measured steps
constexpr int64_t kFewestSteps = 3, kMostSteps = 1000;
constexpr int64_t kFewestExamples = 32;
constexpr int64_t kMostPositions = 512;  // decoded
// Weights hardly move, so that no short schedule makes a model diverge.
constexpr double kGentleRate = 1e-6;

double times(int64_t all, int64_t some) {
  return static_cast<double>(all) / static_cast<double>(some);
}

class Calibrator {
 public:
  Calibrator(const TrialSpec& spec, const Registry& registry, const std::filesystem::path& dir,
             Calibration& found)
      : spec_(spec),
        registry_(registry),
        dir_(dir),
        found_(found),
        tasks_(tasks_of(spec, registry)),
        model_(make_model(spec, registry, tasks_.shape)) {}

  void run() {
    found_.parameters = model_.parameter_count();
    found_.start_seconds = watch_.seconds();
    warm_up();
    train_some();
    if (!spec_.is_pretraining) {
      for (const TestTask& one : tasks_.tests) test(*one.task);
      decode();
    }
    found_.store_seconds =
        part(1, 1, [&] { save_model(dir_ / "checkpoint.safetensors", model_, spec_); });
    found_.peak_resident_bytes = peak_resident_bytes() + unseen_bytes_;
  }

 private:
  // Trains for so many steps, with one validation pass at their end.
  Training train_for(int64_t steps, int64_t validation_examples) {
    TrialSpec spec = spec_;
    spec.budget = {.steps = steps};
    spec.settings.validation_examples = validation_examples;
    const Listeners nobody{[](const Progress&) {}, [](const Training&) {}};
    ResumeFiles none(dir_, spec, 0);
    Training training;
    train(model_, tasks_.trained_on(), spec, nobody, none, training, registry_);
    return training;
  }

  // Does a share of some work of a trial. Returns the seconds that all of it takes: `whole` times
  // as long. What it adds to the resident memory grows to `growth` times as much.
  double part(double whole, double growth, const std::function<void()>& work) {
    const int64_t before = peak_resident_bytes();
    const Stopwatch watch;
    work();
    const double seconds = watch.seconds();
    unseen_bytes_ +=
        static_cast<int64_t>((growth - 1) * static_cast<double>(peak_resident_bytes() - before));
    return whole * seconds;
  }

  // How many examples of `all` are looked at: no more than were trained on.
  int64_t some(int64_t all) const {
    return std::min(all, std::max(kFewestExamples, steps_ * spec_.settings.batch));
  }

  // The first steps ask the system for memory and make kernels.
  void warm_up() {
    const double first = train_for(kFewestSteps, kFewestExamples).state.seconds;
    const double warm = train_for(kFewestSteps, kFewestExamples).state.seconds;
    found_.start_seconds += std::max(first - warm, 0.0);
    const double steps = kTrainSeconds * static_cast<double>(kFewestSteps) / warm;
    steps_ = std::clamp(static_cast<int64_t>(steps), kFewestSteps, kMostSteps);
  }

  void train_some() {
    const Task& task = tasks_.trained_on();
    const int64_t all = available(task, Split::validation, spec_.settings.validation_examples);
    const double whole = times(all, some(all));
    const Stopwatch drawing;
    found_.start_seconds +=
        part(whole, whole, [&] { draw_all(task, Split::validation, some(all)); });
    const double drawn = drawing.seconds();

    Training training;
    const Stopwatch watch;
    part(1, 1, [&] { training = train_for(steps_, some(all)); });
    found_.validation_seconds =
        whole * std::max(watch.seconds() - drawn - training.state.seconds, 0.0);
    const auto steps = static_cast<double>(training.state.steps);
    found_.step_seconds = training.state.seconds / steps;
    found_.step_tokens = static_cast<double>(training.state.tokens) / steps;
    found_.step_flops = training.flops_per_token * found_.step_tokens;
    found_.peak_activation_bytes = training.state.peak_activation_bytes;
  }

  // As run_tests() does.
  void test(const Task& task) {
    const int64_t all = available(task, Split::test, spec_.settings.test_examples);
    const double whole = times(all, some(all));
    std::vector<Batch> batches;
    const int64_t held = std::min(all, Windows(task, Split::test, all).size());
    found_.test_seconds += part(whole, times(held, std::min(held, some(all))), [&] {
      batches = draw_all(task, Split::test, std::min(held, some(all)));
    });
    const std::vector<MetricInfo> metrics = with_builtin_metrics(spec_.metrics, registry_);
    const bool is_changed = registry_.model(spec_.model).post_hoc != nullptr;
    const std::size_t passes = 1 + (is_changed ? spec_.evaluate.post_hoc.size() : 0);
    found_.test_seconds +=
        static_cast<double>(passes) * part(whole, 1, [&] { evaluate(model_, batches, metrics); });

    const int64_t fitted = available(task, Split::train, default_train_examples(task));
    const double both = times(all + fitted, some(all) + some(fitted));
    found_.test_seconds += part(both, both, [&] {
      measure_baselines(task, some(all), some(fitted), !spec_.baselines.empty());
    });
  }

  // A window of test examples is drawn once more for it.
  void decode() {
    if (!spec_.settings.causal || !model_.decodes()) return;
    const Task& task = *tasks_.task;
    const Windows windows(task, Split::test, spec_.settings.test_examples);
    const int64_t all =
        std::min(available(task, Split::test, spec_.settings.test_examples), windows.size());
    Batch longest;
    found_.test_seconds += part(times(all, some(all)), 1,
                                [&] { longest = draw_all(task, Split::test, some(all)).back(); });
    const int64_t length = longest.lengths[0];
    longest.lengths[0] = std::min(length, kMostPositions);
    found_.test_seconds +=
        part(times(length, longest.lengths[0]), 1, [&] { measure_state(model_, longest); });
  }

  const Stopwatch watch_;
  const TrialSpec& spec_;
  const Registry& registry_;
  const std::filesystem::path& dir_;
  Calibration& found_;
  const TrialTasks tasks_;
  Model model_;
  int64_t steps_ = 0;         // that are measured
  int64_t unseen_bytes_ = 0;  // of what a trial does more of
};

}  // namespace

TrialSpec calibration_spec(const TrialSpec& spec) {
  TrialSpec measured = spec;
  measured.seed = 0;
  measured.budget = {};
  measured.tuning = {};
  measured.pretrained.clear();
  Settings& settings = measured.settings;
  const Settings usual;
  settings.learning_rate = kGentleRate;
  settings.momentum = usual.momentum;
  settings.warmup = usual.warmup;
  settings.weight_decay = usual.weight_decay;
  settings.clip = usual.clip;
  settings.label_noise = usual.label_noise;
  settings.evaluations = 1;
  settings.pretrain_steps = usual.pretrain_steps;
  if (!spec.is_pretraining) settings.pretrain = usual.pretrain;
  return measured;
}

Calibration calibrate(const TrialSpec& spec, const Registry& registry,
                      const std::filesystem::path& dir, int threads) {
  set_threads(threads);
  const FlushDenormals flush;
  const Stopwatch watch;
  Calibration found;
  const TrialEnd end = do_trial([&] { Calibrator(spec, registry, dir, found).run(); });
  found.status = end.status;
  found.message = end.message;
  found.total_seconds = watch.seconds();
  return found;
}

template <>
inline constexpr auto json_fields<Calibration> =
    std::tuple{field("status", &Calibration::status),
               field("message", &Calibration::message),
               field("parameters", &Calibration::parameters),
               field("step_seconds", &Calibration::step_seconds),
               field("step_tokens", &Calibration::step_tokens),
               field("step_flops", &Calibration::step_flops),
               field("peak_activation_bytes", &Calibration::peak_activation_bytes),
               field("peak_resident_bytes", &Calibration::peak_resident_bytes),
               field("start_seconds", &Calibration::start_seconds),
               field("validation_seconds", &Calibration::validation_seconds),
               field("test_seconds", &Calibration::test_seconds),
               field("store_seconds", &Calibration::store_seconds),
               field("total_seconds", &Calibration::total_seconds)};

nlohmann::json to_json(const Calibration& calibration) { return json_of(calibration); }

Calibration calibration_from_json(const nlohmann::json& json) {
  return from_json<Calibration>(json);
}

}  // namespace longhaul

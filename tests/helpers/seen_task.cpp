#include "tests/helpers/seen_task.h"

#include "core/builtins.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

class Seen final : public Task {
 public:
  explicit Seen(Options& options)
      : length_(options.integer("length", 24, "tokens", 1)),
        test_set_(options.choice("test_set", "ordinary", {"ordinary", "never"}, "is 1 ever drawn")),
        varied_(options.flag("varied", false, "lengths from half of it")) {}
  int version() const override { return 1; }
  int64_t vocab() const override { return 20; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }
  OptionMap at_length(int64_t length) const override {
    require(length >= 2, "seen: found length ", length, ", allowed: at least 2");
    return {{"length", length}};
  }
  Example draw(Rng& rng) const override {
    Example example;
    bool seen = false;
    const int64_t length = varied_ ? rng.between((length_ + 1) / 2, length_) : length_;
    for (int64_t t = 0; t < length; ++t) {
      example.tokens.push_back(static_cast<int32_t>(rng.between(test_set_ == "never" ? 2 : 1, 19)));
      seen |= example.tokens.back() == 1;
      example.targets.push_back(seen);
    }
    return example;
  }

 private:
  int64_t length_;
  std::string test_set_;
  bool varied_;
};

}  // namespace

Registry registry_with_seen_task() {
  Registry registry;
  register_builtins(registry);
  registry.task<Seen>({.name = "seen", .about = "has token 1 occurred yet?", .source = "a test"});
  return registry;
}

TrialSpec seen_trial(const std::string& model, int64_t steps) {
  TrialSpec spec;
  spec.model_name = spec.model = model;
  spec.task_name = spec.task = "seen";
  spec.settings.d_model = 16;
  spec.settings.layers = 1;
  spec.settings.batch = 16;
  spec.settings.validation_examples = 40;
  spec.settings.test_examples = 40;
  spec.settings.evaluations = 2;
  spec.budget.steps = steps;
  spec.seed = 3;
  return spec;
}

TrialRecord run_seen_trial(const TrialSpec& spec, const std::filesystem::path& dir,
                           int on_threads) {
  const Threads scope(on_threads);
  return run_trial(spec, registry_with_seen_task(), {dir, on_threads});
}

Training train_alone(Model& model, const Task& task, const TrialSpec& spec) {
  ResumeFiles none("", spec, 0);
  Training training;
  train(model, task, spec, {[](const Progress&) {}, [](const Training&) {}}, none, training,
        Registry());
  return training;
}

}  // namespace longhaul

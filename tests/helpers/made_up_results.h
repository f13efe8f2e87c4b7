#pragma once

#include <string>

#include "harness/tables/results.h"
#include "longhaul/error.h"

namespace longhaul {

inline Trial made_up_trial(const std::string& model, const std::string& task, uint64_t seed,
                           double test) {
  Trial trial;
  trial.spec.suite = "made up";
  trial.spec.model_name = trial.spec.model = model;
  trial.spec.task_name = trial.spec.task = task;
  trial.spec.task_version = 2;
  trial.spec.seed = seed;
  trial.id = text("id-", model.size(), "-", task, "-", seed);
  TrialRecord record;
  record.status = Status::ok;
  record.evaluations = {{0, test, test - 0.01, "", "", {0.1, 0.125, 0.25}}};
  record.selected_step = 500;
  record.train_loss = 1.5;
  record.parameters = task == "mqar" ? 43120 : 41800;
  record.flops_per_token = 251000;
  record.steps = 600;
  record.tokens_seen = 1228800;
  record.train_seconds = 12.5 + seed;
  record.train_tokens_per_second = 84200 + 100.0 * seed;
  record.peak_activation_bytes = 12'900'000;
  record.peak_resident_bytes = 90'000'000;
  record.state_bytes = 65536;
  record.learning_rate = 3e-3;
  record.host = "host";
  record.cpu = "cpu";
  record.version = "0.1.0";
  trial.record = record;
  return trial;
}

inline void diverge(Trial& trial) {
  TrialRecord record;
  record.status = Status::diverged;
  record.message = "loss is nan at step 17";
  record.steps = 17;
  trial.record = record;
}

// Three models by two tasks, three seeds: one cell with a diverged seed and one all diverged, one
// at its baseline, one that waits, and names that need care in each format.
inline Results made_up_results() {
  const std::string odd = "odd, \"quoted\"|50%_of\nrows",
                    unicode = "\u00fcn\u00efcode \u6a21\u578b";
  Results results;
  const auto add = [&](const std::string& model, const std::string& task,
                       const std::vector<double>& scores) {
    for (std::size_t seed = 0; seed < scores.size(); ++seed)
      results.trials.push_back(made_up_trial(model, task, seed, scores[seed]));
  };
  add("linear_attention", "listops", {0.61, 0.64, 0.646});
  add("linear_attention", "mqar", {0.99, 0.995, 1});
  add(odd, "listops", {0.24, 0.25, 0.26});
  add(odd, "mqar", {0.5, 0.52, 0.54});
  diverge(results.trials.back());
  add(unicode, "listops", {0.5, 0.5, 0.5});
  for (std::size_t i = results.trials.size() - 3; i < results.trials.size(); ++i)
    diverge(results.trials[i]);
  add(unicode, "mqar", {0.26, 0.26, 0.26});
  results.trials.back().record.reset();
  for (Trial& trial : results.trials)
    if (trial.ok() && trial.spec.model_name == unicode) trial.record->state_bytes = 0;
  return results;
}

}  // namespace longhaul

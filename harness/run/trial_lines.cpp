#include "harness/run/trial_lines.h"

#include <fmt/format.h>

namespace longhaul {

std::string label(const TrialSpec& spec) {
  const Settings usual;
  std::string name = spec.model_name;
  if (spec.settings.pretrain != usual.pretrain) name += "+" + spec.settings.pretrain;
  if (spec.settings.loss != usual.loss) name += "+" + spec.settings.loss;
  return fmt::format("{}{} on {}, seed {}", spec.is_pretraining ? "pretraining of " : "", name,
                     spec.task_name, spec.seed);
}

std::string describe(const TrialSpec& spec, const TrialRecord& record) {
  if (record.status != Status::ok)
    return fmt::format("{} ({}) | {}", to_string(record.status), record.message, label(spec));
  const Evaluation score = record.evaluations.empty() ? Evaluation() : record.evaluations.front();
  if (spec.tuning.is_candidate || spec.is_pretraining)
    return fmt::format("validation {} {:.3f}, loss {:.3f} | {}", record.metric, score.validation,
                       record.train_loss, label(spec));
  std::string diverged;
  for (const Evaluation& test : record.evaluations)
    if (!test.ok())
      diverged += fmt::format("{} at length {}{}{}, ", to_string(test.status), test.length,
                              test.test_set.empty() ? "" : ", " + test.test_set,
                              test.post_hoc.empty() ? "" : ", " + test.post_hoc);
  return fmt::format("{}{} {:.3f}, loss {:.3f} | {}", diverged, record.metric, score.test,
                     record.train_loss, label(spec));
}

}  // namespace longhaul

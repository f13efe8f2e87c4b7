#include "harness/run/trial_lines.h"

#include <fmt/format.h>

namespace longhaul {

const EnumNames<TrialKind>& names_of(TrialKind) {
  static const EnumNames<TrialKind> names = {{TrialKind::trial, "trial"},
                                             {TrialKind::tuning, "tuning"},
                                             {TrialKind::pretraining, "pretraining"}};
  return names;
}

TrialKind kind_of(const TrialSpec& spec) {
  return spec.is_pretraining        ? TrialKind::pretraining
         : spec.tuning.is_candidate ? TrialKind::tuning
                                    : TrialKind::trial;
}

std::string model_label(const TrialSpec& spec) {
  const Settings usual;
  std::string name = spec.model_name;
  if (spec.settings.pretrain != usual.pretrain) name += "+" + spec.settings.pretrain;
  if (spec.settings.loss != usual.loss) name += "+" + spec.settings.loss;
  return name;
}

std::string label_of_kind(const TrialSpec& spec) {
  return fmt::format("{}{} on {}", spec.is_pretraining ? "pretraining of " : "", model_label(spec),
                     spec.task_name);
}

std::string label(const TrialSpec& spec) {
  return fmt::format("{}, seed {}", label_of_kind(spec), spec.seed);
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

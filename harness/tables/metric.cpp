#include "harness/tables/metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "harness/results/points.h"
#include "harness/tables/results_csv.h"
#include "harness/tables/sample_efficiency.h"
#include "harness/tables/summary.h"
#include "longhaul/error.h"
#include "support/choices.h"
#include "support/number_text.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

constexpr const char* kNotReached = "not reached";
constexpr const char* kNotRecorded = "not recorded";

std::string number_text(double value) { return fmt::format("{:.4g}", value); }

// A member of the evaluation, or what it computes.
template <class Member>
TrialValue score(Member member) {
  return [=](const Trial& trial, int64_t eval_length) -> std::optional<double> {
    const Evaluation* evaluation = evaluation_at(trial, eval_length);
    if (!evaluation || !evaluation->ok()) return std::nullopt;
    return std::invoke(member, *evaluation);
  };
}

// Records of older versions lack it.
template <class Member>
TrialValue newer_score(Member member) {
  return [value = score(member)](const Trial& trial, int64_t length) -> std::optional<double> {
    const std::optional<double> found = value(trial, length);
    return found && std::isnan(*found) ? std::nullopt : found;
  };
}

// A score that was made elsewhere may have none, which is no failure of its model.
TrialValue validation_score() {
  return [any = score(&Evaluation::validation), known = newer_score(&Evaluation::validation)](
             const Trial& trial, int64_t eval_length) {
    return trial.is_external ? known(trial, eval_length) : any(trial, eval_length);
  };
}

// One that the suite asked for. A number that was not finite is none.
TrialValue asked_for(const std::string& name) {
  return [=](const Trial& trial, int64_t eval_length) -> std::optional<double> {
    const Evaluation* evaluation = evaluation_at(trial, eval_length);
    if (!evaluation || !evaluation->ok() || !evaluation->metrics.count(name)) return std::nullopt;
    return evaluation->metrics.at(name);
  };
}

TrialValue of_note(const std::string& name) {
  return [=](const Trial& trial, int64_t) -> std::optional<double> {
    if (!trial.ok() || !trial.record->notes.count(name)) return std::nullopt;
    return trial.record->notes.at(name);
  };
}

TrialValue examples(double score) {
  return [=](const Trial& trial, int64_t) { return examples_to(trial, score); };
}

// Reads files, and so only where a metric of curves is asked for.
bool has_curves(const Results& results) {
  return std::any_of(results.trials.begin(), results.trials.end(),
                     [](const Trial& trial) { return !curve_of(trial).empty(); });
}

}  // namespace

std::string score_title(const Results& results) {
  bool any_accuracy = false, any_r2 = false;
  for (const Trial& trial : results.trials)
    if (trial.record) (trial.record->metric == "r2" ? any_r2 : any_accuracy) = true;
  return !any_r2 ? "accuracy" : any_accuracy ? "accuracy (of regressions R^2)" : "R^2";
}

std::string percent_text(double value) {
  return std::isnan(value) ? kNotANumber : fmt::format("{:.1f}", 100 * value);
}

std::vector<Metric> metrics(const Results& results) {
  using R = TrialRecord;
  using enum Better;
  const std::string title = score_title(results);
  std::vector<Metric> all = {
      {"accuracy", "test " + title + " in percent", score(&Evaluation::test), percent_text, higher,
       true, true, true},
      {"val", "validation " + title + " in percent", validation_score(), percent_text, higher, true,
       true, true},
      {"scaled_accuracy", "test " + title + " in percent of the way from chance to 100",
       score(&Evaluation::scaled_accuracy), percent_text, higher, true, true},
      {"string_accuracy", "test examples in percent whose scored positions are all right",
       newer_score(&Evaluation::string_accuracy), percent_text, higher, true, true, false,
       kNotRecorded},
      {"perplexity", "test perplexity", newer_score(&Evaluation::perplexity), number_text, lower,
       true, false, false, kNotRecorded},
      {"bits_per_token", "test cross entropy in bits a scored position",
       newer_score(&Evaluation::bits), number_text, lower, true, false, false, kNotRecorded},
      {"mse", "test mean squared error", newer_score(&Evaluation::mse), number_text, lower, true,
       false, false, kNotRecorded},
      {"mae", "test mean absolute error", newer_score(&Evaluation::mae), number_text, lower, true,
       false, false, kNotRecorded},
      {"loss", "training loss at the end", of_record("train_loss", &R::train_loss), number_text,
       lower},
      {"tokens_per_second", "training tokens per second",
       of_record("train_tokens_per_second", &R::train_tokens_per_second), short_count, higher},
      {"train_seconds", "training time in seconds", of_record("train_seconds", &R::train_seconds),
       number_text, lower},
      {"peak_activation_bytes", "peak activation memory",
       of_record("peak_activation_bytes", &R::peak_activation_bytes), short_bytes, lower},
      {"peak_resident_bytes", "peak resident memory of the process",
       of_record("peak_resident_bytes", &R::peak_resident_bytes), short_bytes, lower},
      {"state_bytes", "decode state of one sequence", of_record("state_bytes", &R::state_bytes),
       short_bytes, lower},
      {"parameters", "trained parameters", of_record("parameters", &R::parameters), short_count,
       lower},
      {"flops_per_token", "training FLOPs per token",
       of_record("flops_per_token", &R::flops_per_token), short_count, lower},
      {"steps", "training steps", of_record("steps", &R::steps), short_count},
      {"tokens_seen", "training tokens", of_record("tokens_seen", &R::tokens_seen), short_count},
      {"selected_step", "step chosen on validation", of_record("selected_step", &R::selected_step),
       short_count},
      {"learning_rate", "learning rate", of_record("learning_rate", &R::learning_rate),
       number_text},
      {"examples_to_50", "training examples until validation first reached 50%", examples(0.5),
       short_count, lower, false, false, false, kNotReached},
      {"examples_to_90", "training examples until validation first reached 90%", examples(0.9),
       short_count, lower, false, false, false, kNotReached},
      {"examples_to_95", "training examples until validation first reached 95%", examples(0.95),
       short_count, lower, false, false, false, kNotReached},
  };
  for (const auto& [name, better] : asked_metrics(results))
    all.push_back({name, "test " + name, asked_for(name), number_text, better, true, false, false,
                   kNotRecorded});
  std::set<std::string> notes;
  for (const Trial& trial : results.trials)
    if (trial.ok())
      for (const auto& [name, value] : trial.record->notes) notes.insert(name);
  for (const std::string& name : notes)
    all.push_back({name, name + ", as the model reports it", of_note(name), number_text});
  return all;
}

bool is_taken_by_tables(const std::string& name) {
  return contains(names_of(metrics({})), name) ||
         contains(names_of(results_columns()), metric_column(name));
}

Metric find_metric(const Results& results, const std::string& name) {
  for (Metric& metric : metrics(results)) {
    if (metric.name != name) continue;
    if (metric.missing == kNotReached && !has_curves(results)) metric.missing = kNotRecorded;
    return metric;
  }
  std::vector<std::string> known = names_of(metrics(results));
  known.emplace_back("throughput");  // tables of its own
  throw Error(fmt::format("--metric: no metric '{}'{}", name, nearest_and_known(name, known)));
}

}  // namespace longhaul

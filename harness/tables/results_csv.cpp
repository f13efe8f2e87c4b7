#include "harness/tables/results_csv.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <map>

#include "harness/tables/summary.h"
#include "harness/tables/varied_options.h"

namespace longhaul {
namespace {

struct ResultRow {
  const Trial& trial;
  const TrialRecord& record;
  const Evaluation* evaluation;  // none: the trial failed
  std::string options;           // that differ within the results
};
using ResultColumn = Column<ResultRow>;

// A column that holds a member of the spec or of the record. Numbers that a failed trial did not
// come to are 0 in its record, and missing here.
template <class Value>
ResultColumn of_spec(const char* name, Value TrialSpec::*member, const char* description) {
  return {name, description, [=](const ResultRow& row) {
            if constexpr (std::same_as<Value, std::string>)
              return row.trial.spec.*member;
            else
              return csv_text(row.trial.spec.*member);
          }};
}

template <class Value>
ResultColumn of_record(const char* name, Value TrialRecord::*member, const char* description,
                       bool measured = false) {
  const auto text = [=](const ResultRow& row) -> std::string {
    const Value& value = row.record.*member;
    if (row.record.missing.count(name)) return "";
    if constexpr (std::same_as<Value, std::string>)
      return value;
    else
      return !row.trial.ok() && value == 0 ? "" : csv_text(value);
  };
  return {name, description, text, measured};
}

ResultColumn of_setting(const char* name, int64_t Settings::*member, const char* description) {
  return {name, description, [=](const ResultRow& row) {
            return row.trial.is_external ? "" : csv_text(row.trial.spec.settings.*member);
          }};
}

// A member of the evaluation, or what it computes.
template <class Member>
ResultColumn of_evaluation(const char* name, Member member, const char* description) {
  return {name, description, [=](const ResultRow& row) {
            return row.evaluation ? csv_text(std::invoke(member, *row.evaluation)) : "";
          }};
}

template <class Value>
ResultColumn of_baselines(const char* name, Value Baselines::*member, const char* description) {
  return {name, description, [=](const ResultRow& row) {
            return row.evaluation ? csv_text(row.evaluation->baselines.*member) : "";
          }};
}

std::string at_baseline(const ResultRow& row) {
  if (!row.evaluation || std::isnan(row.evaluation->test)) return "";
  return csv_text(is_at_baseline(describe({row.evaluation->test}), row.evaluation->baselines.best(),
                                 row.trial.spec.settings.test_examples));
}

// Of the trial, or of a test of one that went well.
std::string status(const ResultRow& row) {
  return to_string(row.evaluation ? row.evaluation->status : row.record.status);
}

std::string eval_length(const ResultRow& row) {
  return csv_text(row.evaluation ? row.evaluation->length : 0);
}

std::string state_bytes(const ResultRow& row) {
  return row.record.state_bytes > 0 ? csv_text(row.record.state_bytes) : "";
}

// "macro_f1=higher": what the suite asks for, and where it is better.
std::string metrics_text(const ResultRow& row) {
  std::string words;
  for (const auto& [name, better] : row.record.metrics)
    words += (words.empty() ? "" : " ") + name + "=" + to_string(better);
  return words;
}

ResultColumn of_metric(const std::string& name) {
  return {metric_column(name), "", [=](const ResultRow& row) {
            const bool is_there = row.evaluation && row.evaluation->metrics.count(name);
            return is_there ? csv_text(row.evaluation->metrics.at(name)) : "";
          }};
}

// Not known of a score that was made elsewhere.
std::string tuning_trials(const ResultRow& row) {
  return row.trial.is_external ? "" : csv_text(row.trial.spec.tuning.trials);
}

// "heads=4 learning_rate=0.003": what the suite tunes, as this trial has it.
std::string tuned(const ResultRow& row) {
  std::string values;
  for (const auto& [key, value] : row.trial.spec.tuning.values)
    values += (values.empty() ? "" : " ") + key + "=" + to_text(value);
  return values;
}

// bag_of_tokens and metrics are only in results that have them.
const std::vector<ResultColumn>& result_table() {
  using S = TrialSpec;
  using R = TrialRecord;
  static const std::vector<ResultColumn> columns = {
      of_spec("suite", &S::suite, "name of the suite"),
      {"trial", "id of the trial: the name of its folder",
       [](const ResultRow& row) { return row.trial.id; }},
      of_spec("model", &S::model_name, "name of the model's entry in the suite"),
      of_record("model_origin", &R::model_origin,
                "`builtin`, the path of the plugin, or `external`"),
      of_spec("task", &S::task_name, "name of the task's entry in the suite"),
      of_spec("task_version", &S::task_version,
              "rises when a seed yields other examples or the scoring changes"),
      {"pretrain", "how training began: the setting `pretrain`",
       [](const ResultRow& row) { return pretrain_of(row.trial.spec); }},
      {"loss", "what training minimised: the setting `loss`",
       [](const ResultRow& row) { return loss_of(row.trial.spec); }},
      of_spec("seed", &S::seed, "seed of weights, examples and dropout"),
      {"eval_length", "length of the test examples; 0: the task's own lengths", eval_length},
      {"status",
       "`ok`, or how the trial ended instead; `diverged` in the row of a length at which its "
       "logits "
       "were not numbers",
       status},
      of_record("attempts", &R::attempts, "how often the trial was started", kMeasured),
      of_record(
          "metric", &R::metric,
          "what the values are: `accuracy`, 0 to 1, or `r2` of a regression: 1 at best, 0 for the "
          "mean of the test answers"),
      of_evaluation("test_value", &Evaluation::test, "score on the test examples"),
      of_evaluation("val_value", &Evaluation::validation,
                    "score on the validation examples, at the step that was chosen there"),
      of_evaluation("test_ece", &Evaluation::calibration_error,
                    "expected calibration error on the test examples: how far the probability of "
                    "the given answers is from their accuracy, mean over 15 bins of probability "
                    "(Guo et al. 2017, arXiv:1706.04599)"),
      of_record("selected_step", &R::selected_step, "the step whose weights were tested"),
      of_baselines("chance", &Baselines::chance, "baseline: 1 / classes"),
      of_baselines("majority", &Baselines::majority,
                   "baseline: the answer seen most often in training"),
      of_baselines("shallow", &Baselines::shallow, "baseline: the task's own rule without memory"),
      {"at_baseline", "true if this trial alone does not beat the best baseline", at_baseline},
      of_record("train_loss", &R::train_loss,
                "cross entropy in nats per scored position, or squared error of a regression, mean "
                "over the last tenth of the steps"),
      of_record("parameters", &R::parameters, "trained numbers"),
      of_record("flops_per_token", &R::flops_per_token,
                "counted operations of a training step over its tokens"),
      of_record("steps", &R::steps, "training steps"),
      of_record("tokens_seen", &R::tokens_seen, "training tokens, without padding"),
      of_record("train_seconds", &R::train_seconds, "training time, without validation and test",
                kMeasured),
      of_record("train_tokens_per_second", &R::train_tokens_per_second,
                "training tokens over training time", kMeasured),
      of_record("peak_activation_bytes", &R::peak_activation_bytes,
                "largest memory of activations; grows with the threads", kMeasured),
      of_record("peak_resident_bytes", &R::peak_resident_bytes, "largest memory of the process",
                kMeasured),
      {"state_bytes",
       "what the model holds after decoding one test sequence; empty if it does not decode",
       state_bytes},
      of_record("learning_rate", &R::learning_rate, "the highest learning rate"),
      {"tuning_trials", "how many settings `tune:` tried to their end for it; 1 without",
       tuning_trials},
      of_record("threads", &R::threads, "threads of the trial, in each of its processes",
                kMeasured),
      of_record("ranks", &R::ranks, "MPI processes that shared the trial", kMeasured),
      of_record("precision", &R::precision, "setting `precision`: float32, bf16 or bf16_emulated"),
      of_record("host", &R::host, "name of the machine", kMeasured),
      of_record("cpu", &R::cpu, "its processor", kMeasured),
      of_record("version", &R::version, "version of longhaul"),
      of_record(
          "build", &R::build,
          "hash of the sources of longhaul that the result depends on; empty in results older "
          "than it"),
      {"tuned", "what `tune:` chose, such as `heads=4 learning_rate=0.003`", tuned},
      of_setting("d_model", &Settings::d_model, "width of the backbone: the setting `d_model`"),
      of_setting("layers", &Settings::layers, "blocks of the backbone: the setting `layers`"),
      of_setting("batch", &Settings::batch, "sequences a training step: the setting `batch`"),
      {"test_examples", "how many examples were tested",
       [](const ResultRow& row) { return csv_text(row.trial.spec.settings.test_examples); }},
      {"options",
       "options and settings in which the models or trials of the results differ, such as "
       "`heads=4 learning_rate=0.003`",
       [](const ResultRow& row) { return row.options; }},
      of_baselines("bag_of_tokens", &Baselines::bag_of_tokens,
                   "baseline: logistic regression on a bag of tokens; the column is there only if "
                   "the suite asks for it"),
      of_evaluation("test_loss", &Evaluation::loss,
                    "cross entropy in nats per scored position of the test examples"),
      of_evaluation("string_accuracy", &Evaluation::string_accuracy,
                    "test examples whose scored positions are all right, 0 to 1"),
      of_evaluation("scaled_accuracy", &Evaluation::scaled_accuracy,
                    "test_value from chance, 0, to all right, 1"),
      of_evaluation("perplexity", &Evaluation::perplexity, "e to the test_loss"),
      of_evaluation("bits_per_token", &Evaluation::bits, "test_loss in bits"),
      of_evaluation("test_mse", &Evaluation::mse,
                    "mean squared error on the test examples, in the data's own unit; empty where "
                    "answers are classes"),
      of_evaluation("test_mae", &Evaluation::mae, "mean absolute error, likewise"),
      {"external",
       "true where the score was made elsewhere and added by `longhaul.add_result` of Python: "
       "nothing checks how it was trained, and what it does not say is empty",
       [](const ResultRow& row) { return csv_text(row.trial.is_external); }},
      {"finished_at", "when the trial ended, in UTC; empty in results older than it",
       [](const ResultRow& row) { return row.record.finished_at; }, kMeasured},
      {"metrics",
       "the suite's `metrics:` and where each is better, such as `macro_f1=higher`; each has a "
       "column of its own behind this one, `test_macro_f1`. They are there only if the suite asks "
       "for any",
       metrics_text},
  };
  return columns;
}

bool has_bag_of_tokens(const Results& results) {
  return std::any_of(results.trials.begin(), results.trials.end(),
                     [](const Trial& trial) { return !trial.spec.baselines.empty(); });
}

}  // namespace

std::string metric_column(const std::string& metric) { return "test_" + metric; }

std::string results_csv(const Results& results) {
  std::vector<ResultColumn> columns = result_table();
  const std::map<std::string, Better> metrics = asked_metrics(results);
  std::erase_if(columns, [&](const ResultColumn& column) {
    return (column.name == "bag_of_tokens" && !has_bag_of_tokens(results)) ||
           (column.name == "metrics" && metrics.empty());
  });
  for (const auto& [name, better] : metrics) columns.push_back(of_metric(name));
  std::string csv = header(columns);
  const VariedOptions varied(results);
  for (const std::vector<Trial>* trials : {&results.trials, &results.tuning})
    for (const Trial& trial : *trials) {
      if (!trial.record) continue;
      const TrialRecord& record = *trial.record;
      if (!trial.ok()) {
        csv += line(columns, {trial, record, nullptr, varied.of(trial)});
        continue;
      }
      for (const Evaluation& evaluation : record.evaluations)
        csv += line(columns, {trial, record, &evaluation, varied.of(trial)});
    }
  return csv;
}

std::vector<ColumnInfo> results_columns() { return infos(result_table()); }

}  // namespace longhaul

#include "harness/tables/results_from_csv.h"

#include <algorithm>
#include <limits>
#include <map>
#include <sstream>

#include "harness/tables/results_csv.h"
#include "longhaul/error.h"
#include "support/csv.h"
#include "support/file.h"
#include "support/number_text.h"
#include "support/values.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// A row of results.csv, by the names of its columns.
class Fields {
 public:
  Fields(const CsvTable& table, std::size_t row, const fs::path& file)
      : row_(table.rows[row]), place_(text(file.string(), ", row ", row + 1)) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) places_[table.columns[i]] = i;
  }

  std::string text_of(const std::string& column) const {
    const auto found = places_.find(column);
    return found == places_.end() ? "" : row_[found->second];
  }
  const std::string& place() const { return place_; }

  // False, and `value` stays, where the column is missing or empty.
  bool read(const std::string& column, std::string& value) const {
    const std::string field = text_of(column);
    if (!field.empty()) value = field;
    return !field.empty();
  }
  template <class Number>
  bool read(const std::string& column, Number& value) const {
    const std::string field = text_of(column);
    if (field.empty()) return false;
    require(read_number(field, value), place_, ", column ", column, ": found '", field,
            "', which is no number");
    return true;
  }

 private:
  const std::vector<std::string>& row_;
  std::string place_;
  std::map<std::string, std::size_t> places_;
};

// "macro_f1=higher brier=lower"
std::map<std::string, Better> metrics_of(const Fields& fields) {
  std::map<std::string, Better> metrics;
  std::istringstream words(fields.text_of("metrics"));
  for (std::string word; words >> word;) {
    const std::size_t end = word.find('=');
    try {
      metrics[word.substr(0, end)] = names_of(Better()).value(word.substr(end + 1));
    } catch (const Error& error) {
      throw Error(text(fields.place(), ", column metrics: ", error.what()));
    }
  }
  return metrics;
}

TrialSpec spec_of(const Fields& fields) {
  TrialSpec spec;
  fields.read("suite", spec.suite);
  fields.read("model", spec.model_name);
  fields.read("task", spec.task_name);
  spec.model = spec.model_name;
  spec.task = spec.task_name;
  fields.read("task_version", spec.task_version);
  fields.read("pretrain", spec.settings.pretrain);
  fields.read("loss", spec.settings.loss);
  fields.read("seed", spec.seed);
  fields.read("d_model", spec.settings.d_model);
  fields.read("layers", spec.settings.layers);
  fields.read("batch", spec.settings.batch);
  fields.read("test_examples", spec.settings.test_examples);
  fields.read("tuning_trials", spec.tuning.trials);
  if (!fields.text_of("bag_of_tokens").empty()) spec.baselines = {"bag_of_tokens"};
  for (const auto& [name, better] : metrics_of(fields)) spec.metrics.push_back(name);
  return spec;
}

TrialRecord record_of(const Fields& fields) {
  TrialRecord record;
  using R = TrialRecord;
  const auto read = [&](const char* column, auto R::*member) {
    if (!fields.read(column, record.*member)) record.missing.insert(column);
  };
  read("attempts", &R::attempts);
  read("metric", &R::metric);
  read("model_origin", &R::model_origin);
  read("selected_step", &R::selected_step);
  read("train_loss", &R::train_loss);
  read("parameters", &R::parameters);
  read("flops_per_token", &R::flops_per_token);
  read("steps", &R::steps);
  read("tokens_seen", &R::tokens_seen);
  read("train_seconds", &R::train_seconds);
  read("train_tokens_per_second", &R::train_tokens_per_second);
  read("peak_activation_bytes", &R::peak_activation_bytes);
  read("peak_resident_bytes", &R::peak_resident_bytes);
  fields.read("state_bytes", record.state_bytes);  // empty: it does not decode
  read("learning_rate", &R::learning_rate);
  read("threads", &R::threads);
  read("ranks", &R::ranks);
  read("precision", &R::precision);
  read("host", &R::host);
  read("cpu", &R::cpu);
  read("version", &R::version);
  read("build", &R::build);
  read("finished_at", &R::finished_at);
  record.metrics = metrics_of(fields);
  return record;
}

Evaluation evaluation_of(const Fields& fields) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Evaluation evaluation;
  evaluation.test = evaluation.validation = kNone;
  fields.read("eval_length", evaluation.length);
  fields.read("test_value", evaluation.test);
  fields.read("val_value", evaluation.validation);
  fields.read("test_ece", evaluation.calibration_error);
  fields.read("test_loss", evaluation.loss);
  fields.read("string_accuracy", evaluation.string_accuracy);
  fields.read("test_mse", evaluation.mse);
  fields.read("test_mae", evaluation.mae);
  fields.read("chance", evaluation.baselines.chance);
  fields.read("majority", evaluation.baselines.majority);
  fields.read("shallow", evaluation.baselines.shallow);
  for (const auto& [name, better] : metrics_of(fields)) {
    double& value = evaluation.metrics[name] = kNone;
    fields.read(metric_column(name), value);
  }
  double bag = 0;
  if (fields.read("bag_of_tokens", bag)) evaluation.baselines.bag_of_tokens = bag;
  return evaluation;
}

// Whether the row is a test of a trial that went well, and not the end of one that failed.
bool is_evaluation(const Fields& fields) { return !fields.text_of("chance").empty(); }

Status status_of(const Fields& fields) {
  try {
    return names_of(Status()).value(fields.text_of("status"));
  } catch (const Error& error) {
    throw Error(text(fields.place(), ", column status: ", error.what()));
  }
}

bool is_same(const Trial& trial, const TrialSpec& spec, const std::string& id) {
  return trial.id == id && trial.spec.model_name == spec.model_name &&
         trial.spec.task_name == spec.task_name && trial.spec.seed == spec.seed;
}

void add_row(const Fields& fields, const fs::path& file, std::vector<Trial>& trials) {
  const TrialSpec spec = spec_of(fields);
  const std::string id = fields.text_of("trial");
  if (trials.empty() || !is_same(trials.back(), spec, id)) {
    Trial trial;
    trial.id = id;
    trial.spec = spec;
    trial.dir = file.parent_path() / "trials" / id;
    trial.record = record_of(fields);
    trial.record->status = is_evaluation(fields) ? Status::ok : status_of(fields);
    trial.is_variant = !trials.empty() && trials.back().id == id;
    trial.is_external = fields.text_of("external") == "true";
    trials.push_back(trial);
  }
  if (!is_evaluation(fields)) return;
  Evaluation& evaluation = trials.back().record->evaluations.emplace_back(evaluation_of(fields));
  evaluation.status = status_of(fields);
}

}  // namespace

Results results_from_csv(const fs::path& file) {
  const CsvTable table = read_csv(read_file(file), file.string());
  for (const char* column : {"trial", "model", "task", "seed", "status", "test_value", "chance"})
    require(contains(table.columns, column), file.string(), ": has no column '", column,
            "', so it is no results.csv");
  Results results;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Fields fields(table, i, file);
    // What helped to choose settings was never tested.
    const bool is_candidate = is_evaluation(fields) && fields.text_of("test_value").empty() &&
                              fields.text_of("status") == "ok" && !fields.text_of("tuned").empty();
    add_row(fields, file, is_candidate ? results.tuning : results.trials);
  }
  return results;
}

}  // namespace longhaul

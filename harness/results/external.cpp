#include "harness/results/external.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/file.h"
#include "support/hash.h"
#include "support/json.h"
#include "support/json_fields.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {

template <>
inline constexpr auto json_fields<ExternalScore> =
    std::tuple{field("model", &ExternalScore::model),
               field("task", &ExternalScore::task),
               field("seed", &ExternalScore::seed),
               field("eval_length", &ExternalScore::eval_length),
               field("test_value", &ExternalScore::test_value),
               field<Key::unless_default>("val_value", &ExternalScore::val_value),
               field<Key::unless_default>("test_examples", &ExternalScore::test_examples),
               field<Key::unless_default>("parameters", &ExternalScore::parameters),
               field<Key::unless_default>("steps", &ExternalScore::steps),
               field<Key::unless_default>("tokens_seen", &ExternalScore::tokens_seen),
               field<Key::unless_default>("train_seconds", &ExternalScore::train_seconds),
               field<Key::unless_default>("learning_rate", &ExternalScore::learning_rate),
               field<Key::unless_default>("note", &ExternalScore::note)};

namespace {

std::string id_of(const ExternalScore& score) {
  const std::string place =
      nlohmann::json{score.model, score.task, score.seed, score.eval_length}.dump();
  return to_hex(hash_bytes(place.data(), place.size()));
}

void require_share(const char* name, double value) {
  require(value >= 0 && value <= 1, name, ": found ", value, ", allowed: 0 .. 1");  // nor NaN
}

template <class Number>
void require_positive(const char* name, const std::optional<Number>& value) {
  require(!value || (std::isfinite(static_cast<double>(*value)) && *value > 0), name, ": found ",
          value.value_or(0), ", allowed: above 0");
}

void require_possible(const ExternalScore& score) {
  require(!score.model.empty(), "model: found no name");
  require_share("test_value", score.test_value);
  if (score.val_value) require_share("val_value", *score.val_value);
  require_positive("test_examples", score.test_examples);
  require_positive("parameters", score.parameters);
  require_positive("steps", score.steps);
  require_positive("tokens_seen", score.tokens_seen);
  require_positive("train_seconds", score.train_seconds);
  require_positive("learning_rate", score.learning_rate);
}

// A finished trial of the score's task, tested at its length: the first that went well. Errors
// begin with `place`.
const Trial& trial_beside(const ExternalScore& score, const std::vector<Trial>& trials,
                          const std::string& place) {
  std::vector<std::string> tasks;
  std::vector<int64_t> lengths;
  for (const Trial& trial : trials) {
    if (trial.is_external) continue;
    require(trial.spec.model_name != score.model, place, ": model '", score.model,
            "': the suite trains a model of that name itself; give the score a name of its own");
    if (!contains(tasks, trial.spec.task_name)) tasks.push_back(trial.spec.task_name);
  }
  for (const Trial& trial : trials) {
    if (trial.is_external || trial.spec.task_name != score.task || !trial.ok()) continue;
    for (const Evaluation& evaluation : trial.record->evaluations) {
      if (evaluation.length == score.eval_length) return trial;
      if (!contains(lengths, evaluation.length)) lengths.push_back(evaluation.length);
    }
  }
  require(contains(tasks, score.task), place, ": the suite has no task '", score.task, "'",
          nearest_and_known(score.task, tasks));
  require(!lengths.empty(), place, ": task '", score.task,
          "': no trial of it is finished, so its baselines are not known yet; run the suite first");
  std::string known;
  for (const int64_t length : lengths) known += (known.empty() ? "" : " | ") + text(length);
  throw Error(text(place, ": eval_length: found ", score.eval_length, ", allowed: ", known,
                   ": where task '", score.task, "' was tested"));
}

TrialRecord record_of(const ExternalScore& score, const Trial& beside) {
  TrialRecord record;
  record.status = Status::ok;
  record.model_origin = "external";
  record.missing = {"attempts",
                    "selected_step",
                    "train_loss",
                    "flops_per_token",
                    "train_tokens_per_second",
                    "peak_activation_bytes",
                    "state_bytes",
                    "peak_resident_bytes",
                    "threads",
                    "ranks",
                    "precision",
                    "host",
                    "cpu",
                    "version",
                    "build",
                    "finished_at"};
  const auto take = [&](const char* key, const auto& given, auto& taken) {
    if (given)
      taken = *given;
    else
      record.missing.insert(key);
  };
  take("parameters", score.parameters, record.parameters);
  take("steps", score.steps, record.steps);
  take("tokens_seen", score.tokens_seen, record.tokens_seen);
  take("train_seconds", score.train_seconds, record.train_seconds);
  take("learning_rate", score.learning_rate, record.learning_rate);
  record.message = score.note;
  for (const Evaluation& evaluation : beside.record->evaluations)
    if (evaluation.length == score.eval_length) {
      Evaluation& own = record.evaluations.emplace_back();
      own.length = score.eval_length;
      own.test = score.test_value;
      own.validation = score.val_value.value_or(std::numeric_limits<double>::quiet_NaN());
      own.baselines = evaluation.baselines;
      break;
    }
  return record;
}

Trial trial_of(const ExternalScore& score, const Trial& beside) {
  Trial trial;
  trial.id = id_of(score);
  trial.is_external = true;
  trial.spec.suite = beside.spec.suite;
  trial.spec.model = trial.spec.model_name = score.model;
  trial.spec.task = beside.spec.task;
  trial.spec.task_name = score.task;
  trial.spec.task_version = beside.spec.task_version;
  trial.spec.baselines = beside.spec.baselines;
  trial.spec.seed = score.seed;
  trial.spec.settings.test_examples =
      score.test_examples.value_or(beside.spec.settings.test_examples);
  trial.record = record_of(score, beside);
  return trial;
}

}  // namespace

std::string add_external(const std::filesystem::path& dir, const ExternalScore& score) {
  require_possible(score);
  trial_beside(score, load_trials(dir).trials, dir.string());
  const std::string id = id_of(score);
  make_folder(dir / "external");
  write_atomically(dir / "external" / (id + ".json"), json_text(json_of(score)));
  return id;
}

std::vector<Trial> external_trials(const std::filesystem::path& dir,
                                   const std::vector<Trial>& trials,
                                   std::vector<std::string>& problems) {
  std::vector<Trial> scores;
  if (!std::filesystem::is_directory(dir / "external")) return scores;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "external")) {
    const std::filesystem::path& file = entry.path();
    if (file.extension() != ".json") continue;
    try {
      const auto score = read_json_file(file, [](const nlohmann::json& json) {
        auto read = from_json<ExternalScore>(json);
        require_possible(read);
        return read;
      });
      scores.push_back(trial_of(score, trial_beside(score, trials, file.string())));
    } catch (const Error& error) {
      problems.push_back(text(error.what(), "; this external score is left out"));
    }
  }
  const auto place = [](const Trial& trial) {
    return std::tuple(trial.spec.model_name, trial.spec.task_name, trial.spec.seed, trial.id);
  };
  std::sort(scores.begin(), scores.end(),
            [&](const Trial& a, const Trial& b) { return place(a) < place(b); });
  return scores;
}

}  // namespace longhaul

#include "harness/results/store.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <type_traits>

#include "harness/results/external.h"
#include "harness/results/trial_files.h"
#include "longhaul/error.h"
#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// An entry of order.json.
struct Planned {
  std::string id;
  json spec;
};

}  // namespace

template <>
inline constexpr auto json_fields<Planned> =
    std::tuple{field("id", &Planned::id), field("spec", &Planned::spec)};

namespace {

// The place of every key among all, by its first appearance.
template <class Key>
auto first_seen(const std::vector<Trial>& trials, Key&& key) {
  std::map<std::decay_t<decltype(key(trials.front()))>, std::size_t> places;
  for (const Trial& trial : trials) places.emplace(key(trial), places.size());
  return places;
}

std::vector<Trial> planned_trials(const fs::path& dir) {
  std::vector<Trial> trials = read_json_file(dir / "order.json", [&](const json& list) {
    std::vector<Trial> read;
    require(list.is_array(), "expected a list of trials");
    read.reserve(list.size());
    for (const json& entry : list) {  // one by one: a large suite has megabytes of them
      const auto trial = from_json<Planned>(entry);
      read.push_back(
          {trial.id, trial_from_json(trial.spec), std::nullopt, dir / "trials" / trial.id});
    }
    return read;
  });
  const auto models = first_seen(trials, [](const Trial& trial) { return trial.spec.model_name; });
  const auto tasks = first_seen(trials, [](const Trial& trial) { return trial.spec.task_name; });
  const auto seeds = first_seen(trials, [](const Trial& trial) { return trial.spec.seed; });
  const auto place = [&](const TrialSpec& spec) {
    return std::tuple(models.at(spec.model_name), tasks.at(spec.task_name), seeds.at(spec.seed));
  };
  std::stable_sort(trials.begin(), trials.end(),
                   [&](const Trial& a, const Trial& b) { return place(a.spec) < place(b.spec); });
  return trials;
}

std::vector<Trial> found_trials(const fs::path& dir, std::vector<std::string>& problems) {
  std::vector<Trial> trials;
  if (!fs::is_directory(dir / "trials")) return trials;
  for (const auto& entry : fs::directory_iterator(dir / "trials")) {
    if (!fs::exists(entry.path() / "spec.json")) continue;  // cut off before it began
    try {
      trials.push_back(
          {entry.path().filename().string(), read_spec(entry.path()), std::nullopt, entry.path()});
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  }
  std::sort(problems.begin(), problems.end());
  std::sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
    return std::tie(a.spec.model_name, a.spec.task_name, a.spec.seed, a.id) <
           std::tie(b.spec.model_name, b.spec.task_name, b.spec.seed, b.id);
  });
  return trials;
}

void require_results_folder(const fs::path& dir) {
  for (const char* content : {"trials", "order.json", "throughput.json", "profile.json"})
    if (fs::exists(dir / content)) return;
  if (fs::exists(dir))
    throw Error(text(dir.string(), ": is not a results folder: it holds no trials/"));
  const fs::path parent = dir.has_parent_path() ? dir.parent_path() : fs::path(".");
  std::vector<std::string> siblings;
  if (fs::is_directory(parent))
    for (const auto& entry : fs::directory_iterator(parent))
      siblings.push_back(entry.path().filename().string());
  throw Error(text(dir.string(), ": no such results folder",
                   did_you_mean(dir.filename().string(), siblings, (parent / "").string())));
}

// A message is a line of a table; a plugin may throw one of any length.
std::string cut(const std::string& message) {
  constexpr std::size_t kMost = 4000;
  if (message.size() <= kMost) return message;
  return text(message.substr(0, kMost), "... (cut off here: it has ", message.size(), " bytes)");
}

}  // namespace

TrialSpec read_spec(const fs::path& trial_dir) {
  return read_json_file(trial_dir / "spec.json", trial_from_json);
}

void write_record(const fs::path& trial_dir, const TrialRecord& record) {
  TrialRecord whole = record;
  whole.message = cut(record.message);
  for (Evaluation& evaluation : whole.evaluations) evaluation.message = cut(evaluation.message);
  whole.files = sums_of_files(trial_dir);
  write_atomically(trial_dir / "record.json", json_text(to_json(whole)));
}

std::optional<TrialRecord> read_record(const fs::path& trial_dir, std::string* problem) {
  const fs::path path = trial_dir / "record.json";
  if (!fs::exists(path)) return std::nullopt;
  try {
    return read_json_file(path, record_from_json);
  } catch (const std::exception& error) {
    if (problem) *problem = error.what();
    return std::nullopt;
  }
}

void write_order(const fs::path& dir, const std::vector<TrialSpec>& specs) {
  std::vector<Planned> planned;
  for (const TrialSpec& spec : specs) planned.push_back({spec.id(), to_json(spec)});
  write_atomically(dir / "order.json", json_text(json_of(planned)));
}

namespace {

// The trial, and one more for each other way in which it was tested, under names of their own.
void append_variants(std::vector<Trial>& trials, const Trial& trial) {
  std::vector<Trial> variants;
  if (!trial.record || trial.record->evaluations.empty()) return trials.push_back(trial);
  for (const Evaluation& evaluation : trial.record->evaluations) {
    std::string model = trial.spec.model_name, task = trial.spec.task_name;
    if (!evaluation.post_hoc.empty()) model += "+" + evaluation.post_hoc;
    if (!evaluation.test_set.empty()) task += "/" + evaluation.test_set;
    auto variant = std::find_if(variants.begin(), variants.end(), [&](const Trial& other) {
      return other.spec.model_name == model && other.spec.task_name == task;
    });
    if (variant == variants.end()) {
      variant = variants.insert(variants.end(), trial);
      variant->spec.model_name = model;
      variant->spec.task_name = task;
      variant->record->evaluations.clear();
      variant->is_variant = variants.size() > 1;
    }
    variant->record->evaluations.push_back(evaluation);
  }
  trials.insert(trials.end(), variants.begin(), variants.end());
}

}  // namespace

std::vector<Trial> list_trials(const fs::path& dir, std::vector<std::string>& problems) {
  require_results_folder(dir);
  std::vector<Trial> trials;
  if (fs::exists(dir / "order.json")) try {
      trials = planned_trials(dir);
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  return trials.empty() ? found_trials(dir, problems) : trials;
}

StoredTrials load_trials(const fs::path& dir) {
  StoredTrials results;
  std::vector<Trial> trials;
  for (Trial& trial : list_trials(dir, results.problems)) {
    std::string problem;
    trial.record = read_record(trial.dir, &problem);
    if (!problem.empty()) results.problems.push_back(problem);
    if (trial.record)
      for (const auto& [name, fault] : damaged_points(trial.dir, *trial.record)) {
        trial.damaged.insert(name);
        results.problems.push_back(fault);
      }
    if (trial.spec.tuning.is_candidate)
      results.tuning.push_back(trial);
    else
      append_variants(trials, trial);
  }
  for (Trial& score : external_trials(dir, trials, results.problems))
    trials.push_back(std::move(score));
  results.trials = std::move(trials);
  return results;
}

}  // namespace longhaul

#include "harness/results/merge.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "harness/results/store.h"
#include "longhaul/error.h"
#include "support/file.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// What makes a trial one of its kind in a table.
auto place(const TrialSpec& spec) {
  return std::tuple(spec.model_name, spec.task_name, spec.settings.pretrain, spec.settings.loss,
                    spec.seed);
}

std::string place_text(const TrialSpec& spec) {
  return text(spec.model_name, " on ", spec.task_name, ", seed ", spec.seed);
}

std::vector<Trial> trials_of(const fs::path& dir, std::vector<std::string>& problems) {
  std::vector<Trial> trials = list_trials(dir, problems);
  require(!trials.empty(), dir.string(), ": holds no trials to merge");
  for (const Trial& trial : trials)
    require(trial.spec.id() == trial.id, trial.dir.string(), ": an older version made its id: run ",
            "the suite again before it is merged");
  return trials;
}

// All trials, in the order of the first folder and then of the second.
std::vector<TrialSpec> united(const std::vector<Trial>& first, const std::vector<Trial>& second) {
  std::vector<TrialSpec> specs;
  std::set<std::string> ids;
  std::map<decltype(place(TrialSpec())), std::string> id_at;
  for (const auto* trials : {&first, &second})
    for (const Trial& trial : *trials) {
      if (!ids.insert(trial.id).second) continue;
      if (!trial.spec.tuning.is_candidate) {
        const auto [at, is_new] = id_at.emplace(place(trial.spec), trial.id);
        require(is_new, place_text(trial.spec), ": the folders hold two trials of it, ", at->second,
                " and ", trial.id, ", whose settings, options or data differ; `longhaul compare` ",
                "says in what");
      }
      specs.push_back(trial.spec);
    }
  return specs;
}

// The folders of trials, pretrainings and of what an earlier form of the suite asked for too.
std::set<std::string> folders_of(const fs::path& dir) {
  std::set<std::string> names;
  if (fs::is_directory(dir / "trials"))
    for (const fs::directory_entry& entry : fs::directory_iterator(dir / "trials"))
      if (fs::exists(entry.path() / "spec.json")) names.insert(entry.path().filename().string());
  return names;
}

bool is_finished(const fs::path& trial_dir, std::vector<std::string>& problems) {
  std::string problem;
  const bool has_record = read_record(trial_dir, &problem).has_value();
  if (!problem.empty()) problems.push_back(problem);
  return has_record;
}

// The record last, so that a copy that is cut off counts as waiting.
void copy_trial(const fs::path& from, const fs::path& to, bool with_record) {
  fs::create_directories(to);
  for (const char* name : {"spec.json", "curve.csv", "diagnostics.csv", "checkpoint.safetensors",
                           "log.txt", "record.json"}) {
    const bool is_result = name != std::string("spec.json");
    if (fs::exists(from / name) && (with_record || !is_result))
      fs::copy_file(from / name, to / name);
  }
}

// The first folder's wins where both have one of the same model, task, seed and length.
void copy_external(const fs::path& from, const fs::path& to) {
  if (!fs::is_directory(from / "external")) return;
  make_folder(to / "external");
  for (const fs::directory_entry& entry : fs::directory_iterator(from / "external"))
    fs::copy_file(entry.path(), to / "external" / entry.path().filename(),
                  fs::copy_options::skip_existing);
}

}  // namespace

Merged merge_trials(const fs::path& first, const fs::path& second, const fs::path& out) {
  require(!fs::exists(out) || (fs::is_directory(out) && fs::is_empty(out)), out.string(),
          ": is there already; merge writes a new folder");
  Merged merged;
  const std::vector<TrialSpec> specs =
      united(trials_of(first, merged.problems), trials_of(second, merged.problems));
  make_folder(out);
  const std::set<std::string> in_first = folders_of(first), in_second = folders_of(second);
  std::set<std::string> all = in_first;
  all.insert(in_second.begin(), in_second.end());
  for (const std::string& id : all) {
    const fs::path a = first / "trials" / id, b = second / "trials" / id;
    const bool a_is_done = in_first.count(id) && is_finished(a, merged.problems);
    const bool b_is_done = in_second.count(id) && is_finished(b, merged.problems);
    merged.from_first += a_is_done;
    merged.from_second += b_is_done && !a_is_done;
    merged.in_both += a_is_done && b_is_done;
    merged.waiting += !a_is_done && !b_is_done;
    const bool takes_first = a_is_done || (in_first.count(id) && !b_is_done);
    copy_trial(takes_first ? a : b, out / "trials" / id, a_is_done || b_is_done);
  }
  copy_external(first, out);
  copy_external(second, out);
  write_order(out, specs);
  if (fs::exists(first / "suite.yaml")) fs::copy_file(first / "suite.yaml", out / "suite.yaml");
  return merged;
}

}  // namespace longhaul

#include "harness/run/earlier_trials.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/results/machine.h"
#include "harness/results/store.h"
#include "harness/results/trial_files.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// Whether a pretraining may end well if it is tried again: it left no weights that can be read, and
// did not diverge.
bool is_lacking(const fs::path& dir) {
  const std::optional<TrialRecord> record = read_record(dir);
  return !record || is_failure(record->status) ||
         (record->status == Status::ok && !has_weights(dir));
}

}  // namespace

bool is_failure(Status status) {
  return status == Status::failed || status == Status::out_of_memory ||
         status == Status::timed_out || status == Status::killed;
}

void revive(const std::vector<TrialSpec>& specs, const fs::path& trials,
            const RunOptions& options) {
  std::map<std::string, bool> lacking;  // pretrainings, by id
  std::set<std::string> wanted;
  for (const TrialSpec& spec : specs) {
    if (spec.pretrained.empty() || options.tried.count(spec.pretrained)) continue;
    const auto [known, is_new] = lacking.try_emplace(spec.pretrained, false);
    if (is_new) known->second = is_lacking(trials / spec.pretrained);
    if (!known->second) continue;
    const fs::path dir = trials / spec.id();
    const std::optional<TrialRecord> record = read_record(dir);
    if (record && !is_failure(record->status)) continue;  // it had them
    if (record) fs::remove(dir / "record.json");
    wanted.insert(spec.pretrained);
  }
  for (const std::string& id : wanted) {
    const std::optional<TrialRecord> record = read_record(trials / id);
    // A file that is damaged takes its record back in any case, with a word: kept_record().
    if (record && damaged_files(trials / id, *record).empty())
      fs::remove(trials / id / "record.json");
  }
}

std::optional<TrialRecord> kept_record(const TrialSpec& spec, const fs::path& dir,
                                       const RunOptions& options,
                                       std::vector<std::string>& damaged) {
  std::string problem;
  std::optional<TrialRecord> record = read_record(dir, &problem);
  std::map<std::string, std::string> damage;
  if (record) damage = damaged_files(dir, *record);
  if (!problem.empty()) damage["record.json"] = problem;
  for (const auto& [name, fault] : damage) damaged.push_back(fault + "; its trial runs again");
  if (!record || !damage.empty()) return std::nullopt;
  if (options.rerun_stale && record->build != longhaul_build()) return std::nullopt;
  if (options.retry_failed && is_failure(record->status) && !options.tried.count(spec.id()))
    return std::nullopt;
  try {
    if (read_spec(dir).is_same_trial(spec)) return record;
  } catch (const Error&) {  // a file that is missing or damaged tells of no trial
  }
  return std::nullopt;
}

}  // namespace longhaul

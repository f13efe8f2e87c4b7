#include "harness/status/status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/results/points.h"
#include "harness/results/store.h"
#include "harness/run/trial_lines.h"
#include "harness/status/file_clock.h"
#include "harness/status/time_left.h"
#include "harness/train/trial_progress.h"
#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// The trials of the suite and the pretrainings that they start from, which order.json leaves out.
std::vector<Trial> all_trials(const fs::path& dir, std::vector<std::string>& problems) {
  std::vector<Trial> trials;
  std::set<std::string> seen;
  const auto append = [&](Trial trial) {
    if (seen.insert(trial.id).second) trials.push_back(std::move(trial));
  };
  for (Trial& trial : list_trials(dir, problems)) {
    const std::string& id = trial.spec.pretrained;
    const fs::path folder = dir / "trials" / id;
    if (!id.empty() && !seen.count(id) && fs::exists(folder / "spec.json")) try {
        append({id, read_spec(folder), std::nullopt, folder});
      } catch (const Error& error) {
        problems.push_back(error.what());
        seen.insert(id);
      }
    append(std::move(trial));
  }
  return trials;
}

std::optional<Progress> progress_in(const fs::path& dir, std::vector<std::string>& problems) {
  const fs::path path = dir / "progress.json";
  // Looked for and read at once: a runner that begins anew removes it.
  const std::optional<std::string> content = read_file_if_there(path);
  if (!content) return std::nullopt;
  try {
    return progress_from_json(parse_json(*content));
  } catch (const Error& error) {
    problems.push_back(path.string() + ": damaged: " + error.what());
    return std::nullopt;
  }
}

// Real seconds of the whole trial at the pace that its last process had.
std::optional<double> whole_time(const Progress& progress) {
  if (progress.seconds <= 0 || progress.fraction <= progress.began) return std::nullopt;
  return progress.seconds / (progress.fraction - progress.began);
}

void describe_done(const TrialRecord& record, const std::optional<Progress>& progress,
                   TrialStatus& trial) {
  trial.state = TrialState::done;
  trial.status = to_string(record.status);
  if (!record.message.empty()) trial.message = record.message;
  if (!record.missing.count("steps")) trial.step = record.steps;
  if (!record.host.empty()) trial.host = record.host;
  if (record.train_tokens_per_second > 0) trial.tokens_per_second = record.train_tokens_per_second;
  if (progress) trial.fraction = progress->fraction;
  if (record.status != Status::ok) return;
  trial.fraction = 1;
  trial.loss = record.train_loss;
  trial.metric = record.metric;
  if (!record.evaluations.empty() && record.evaluations.front().ok() && trial.kind == "trial")
    trial.accuracy = record.evaluations.front().test;
  if (progress) trial.seconds_in_all = whole_time(*progress);
  if (!trial.seconds_in_all && record.train_seconds > 0)
    trial.seconds_in_all = record.train_seconds;
}

std::vector<double> train_losses(const fs::path& dir, std::vector<std::string>& problems) {
  std::vector<double> losses;
  try {
    for (const CurvePoint& point : read_curve(dir))
      if (point.split == "train" && point.metric == "loss") losses.push_back(point.value);
  } catch (const Error& error) {
    problems.push_back(error.what());
  }
  return losses;
}

void describe_begun(const Progress& progress, const fs::path& dir, const FileClock& clock,
                    TrialStatus& trial, std::vector<std::string>& problems) {
  trial.heard_seconds_ago = clock.seconds_since_change(dir / "progress.json");
  const bool heard = trial.heard_seconds_ago && *trial.heard_seconds_ago <= kHeardWithin;
  trial.state = progress.running && heard ? TrialState::running : TrialState::stopped;
  if (!progress.host.empty()) trial.host = progress.host;
  trial.step = progress.step;
  trial.fraction = progress.fraction;
  if (progress.step > 0) trial.loss = progress.loss;
  trial.accuracy = progress.accuracy;
  trial.metric = progress.metric;
  if (trial.state != TrialState::running) return;
  trial.seconds_in_all = whole_time(progress);
  if (progress.tokens_per_second > 0) trial.tokens_per_second = progress.tokens_per_second;
  if (progress.resident_bytes > 0) trial.resident_bytes = progress.resident_bytes;
  trial.losses = train_losses(dir, problems);
}

TrialStatus status_of(const Trial& trial, const FileClock& clock,
                      std::vector<std::string>& problems) {
  TrialStatus status;
  status.id = trial.id;
  status.label = label(trial.spec);
  status.model = trial.spec.model_name;
  status.task = trial.spec.task_name;
  status.seed = trial.spec.seed;
  status.kind = to_string(kind_of(trial.spec));
  status.folder = trial.dir.string();
  const std::optional<Progress> progress = progress_in(trial.dir, problems);
  std::string problem;
  if (const std::optional<TrialRecord> record = read_record(trial.dir, &problem))
    describe_done(*record, progress, status);
  else if (progress)
    describe_begun(*progress, trial.dir, clock, status, problems);
  if (!problem.empty()) problems.push_back(problem);
  return status;
}

void count(const TrialStatus& trial, SuiteStatus& suite) {
  ++suite.total;
  if (trial.status) ++suite.statuses[*trial.status];
  switch (trial.state) {
    case TrialState::done:
      ++suite.done;
      break;
    case TrialState::running:
      ++suite.running;
      break;
    case TrialState::stopped:
      ++suite.stopped;
      break;
    case TrialState::waiting:
      ++suite.waiting;
      break;
  }
}

}  // namespace

const EnumNames<TrialState>& names_of(TrialState) {
  static const EnumNames<TrialState> names = {{TrialState::done, "done"},
                                              {TrialState::running, "running"},
                                              {TrialState::stopped, "stopped"},
                                              {TrialState::waiting, "waiting"}};
  return names;
}

SuiteStatus read_status(const fs::path& dir) {
  SuiteStatus suite;
  suite.folder = dir.string();
  const std::vector<Trial> trials = all_trials(dir, suite.problems);
  const FileClock clock(dir);
  bool only_tuning = true;
  for (const Trial& trial : trials) {
    if (suite.suite.empty()) suite.suite = trial.spec.suite;
    suite.trials.push_back(status_of(trial, clock, suite.problems));
    count(suite.trials.back(), suite);
    only_tuning = only_tuning && suite.trials.back().kind == "tuning";
  }
  // Trials that chose settings are followed by those that use them.
  suite.ended = suite.done == suite.total && (!only_tuning || trials.empty());
  suite.seconds_left = time_left(suite.trials);
  return suite;
}

template <>
inline constexpr auto json_fields<TrialStatus> =
    std::tuple{field("id", &TrialStatus::id),
               field("label", &TrialStatus::label),
               field("model", &TrialStatus::model),
               field("task", &TrialStatus::task),
               field("seed", &TrialStatus::seed),
               field("kind", &TrialStatus::kind),
               field("state", &TrialStatus::state),
               field("folder", &TrialStatus::folder),
               field("status", &TrialStatus::status),
               field("message", &TrialStatus::message),
               field("step", &TrialStatus::step),
               field("fraction", &TrialStatus::fraction),
               field("loss", &TrialStatus::loss),
               field("accuracy", &TrialStatus::accuracy),
               field("tokens_per_second", &TrialStatus::tokens_per_second),
               field("host", &TrialStatus::host),
               field("heard_seconds_ago", &TrialStatus::heard_seconds_ago),
               field("resident_bytes", &TrialStatus::resident_bytes),
               field("losses", &TrialStatus::losses),
               field("seconds_in_all", &TrialStatus::seconds_in_all)};

template <>
inline constexpr auto json_fields<SuiteStatus> =
    std::tuple{field("suite", &SuiteStatus::suite),
               field("folder", &SuiteStatus::folder),
               field("total", &SuiteStatus::total),
               field("done", &SuiteStatus::done),
               field("running", &SuiteStatus::running),
               field("stopped", &SuiteStatus::stopped),
               field("waiting", &SuiteStatus::waiting),
               field("statuses", &SuiteStatus::statuses),
               field("seconds_left", &SuiteStatus::seconds_left),
               field("ended", &SuiteStatus::ended),
               field("trials", &SuiteStatus::trials),
               field("problems", &SuiteStatus::problems)};

nlohmann::json to_json(const SuiteStatus& status) { return json_of(status); }

}  // namespace longhaul

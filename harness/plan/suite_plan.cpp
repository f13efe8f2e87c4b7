#include "harness/plan/suite_plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "harness/plan/schedule.h"
#include "harness/run/earlier_trials.h"
#include "harness/run/interleave.h"
#include "harness/suite/grid.h"
#include "harness/suite/pretraining.h"
#include "harness/suite/tune.h"
#include "support/cores.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// A trial that is left to do, and the row that it belongs to.
struct Planned {
  TrialSpec spec;
  std::string id;
  std::size_t row = 0;
};

// A stretch of a suite whose trials all end before the next begins: candidates, then the others.
using Stage = std::vector<Planned>;

// Of `specs`, those that `run` would do, in its order.
Stage left_to_do(const std::vector<TrialSpec>& specs, const fs::path& out,
                 std::set<std::string>& seen, int64_t& finished) {
  const bool has_folder = fs::exists(out / "trials");
  std::vector<std::string> damaged;  // it runs again, as `run` says then
  Stage stage;
  for (TrialSpec& spec : interleaved(with_pretraining(specs))) {
    std::string id = spec.id();
    if (!seen.insert(id).second) continue;
    if (has_folder && kept_record(spec, out / "trials" / id, {}, damaged))
      ++finished;
    else
      stage.push_back({std::move(spec), std::move(id)});
  }
  return stage;
}

// The rows of all stages, each with its calibration's spec beside it.
class Rows {
 public:
  void add(Stage& stage) {
    for (Planned& planned : stage) {
      planned.row = row_of(planned.spec);
      ++rows[planned.row].trials;
    }
  }

  std::vector<PlanRow> rows;
  std::vector<TrialSpec> measured;

 private:
  // Trials of a cell of the suite differ in their seed alone: only its first is looked at.
  std::size_t row_of(const TrialSpec& spec) {
    const std::string stage = spec.is_pretraining ? calibration_spec(spec).exact_id() : "";
    const auto [known, is_new] = cells_.try_emplace(
        {model_label(spec), spec.task_name, kind_of(spec), stage, spec.tuning.values}, rows.size());
    if (is_new) known->second = row_of_cell(spec);
    return known->second;
  }

  // Candidates that cost the same are one row.
  std::size_t row_of_cell(const TrialSpec& spec) {
    TrialSpec measure = calibration_spec(spec);
    const Budget& b = spec.budget;
    const auto [known, is_new] = places_.try_emplace(
        {model_label(spec), spec.task_name, kind_of(spec), measure.exact_id(),
         std::array{static_cast<double>(spec.settings.evaluations), static_cast<double>(b.steps),
                    b.seconds, b.tokens, b.flops}},
        rows.size());
    if (is_new) {
      rows.push_back({model_label(spec), spec.task_name, kind_of(spec)});
      measured.push_back(std::move(measure));
    }
    return known->second;
  }

  std::map<std::tuple<std::string, std::string, TrialKind, std::string, OptionMap>, std::size_t>
      cells_;
  std::map<std::tuple<std::string, std::string, TrialKind, std::string, std::array<double, 5>>,
           std::size_t>
      places_;
};

// Each spec once: rows may share a calibration.
std::vector<Calibration> calibrations_of(const std::vector<TrialSpec>& specs,
                                         const CalibrationOptions& options,
                                         const CalibrationProgress& report) {
  std::map<std::string, std::size_t> places;
  std::vector<TrialSpec> different;
  std::vector<std::size_t> place;
  for (const TrialSpec& spec : specs) {
    const auto [at, is_new] = places.try_emplace(spec.exact_id(), different.size());
    if (is_new) different.push_back(spec);
    place.push_back(at->second);
  }
  const std::vector<Calibration> found = calibrate_all(different, options, report);
  std::vector<Calibration> all;
  for (const std::size_t index : place) all.push_back(found[index]);
  return all;
}

// How long a stage takes: on this machine in the order of `run`, on hosts the longest first.
double seconds_of(const Stage& stage, const SuitePlan& plan) {
  std::map<std::string, int64_t> places;
  for (const Planned& planned : stage)
    places.emplace(planned.id, static_cast<int64_t>(places.size()));
  std::vector<ScheduledTrial> trials;
  for (const Planned& planned : stage) {
    const auto first = places.find(planned.spec.pretrained);
    trials.push_back(
        {plan.rows[planned.row].cost.seconds, first == places.end() ? -1 : first->second});
  }
  if (plan.hosts == 0) return makespan(trials, plan.at_once);
  return makespan(longest_first(trials), plan.hosts * plan.at_once);
}

void add_up(const std::vector<Stage>& stages, SuitePlan& plan) {
  std::vector<int64_t> resident;
  for (const PlanRow& row : plan.rows) {
    const auto trials = static_cast<double>(row.trials);
    plan.trials += row.trials;
    if (!row.calibration.ok()) plan.uncosted += row.trials;
    plan.seconds += trials * row.cost.seconds;
    plan.flops += trials * row.cost.flops;
    const auto at_once = static_cast<std::size_t>(std::min(row.trials, plan.at_once));
    resident.insert(resident.end(), at_once, row.calibration.peak_resident_bytes);
  }
  std::sort(resident.begin(), resident.end(), std::greater<>());
  resident.resize(std::min(resident.size(), static_cast<std::size_t>(plan.at_once)));
  for (const int64_t bytes : resident) plan.peak_resident_bytes += bytes;
  for (const Stage& stage : stages) plan.makespan_seconds += seconds_of(stage, plan);
}

int64_t at_once_on_a_host(const PlanOptions& options) {
  if (options.jobs > 0) return options.jobs;
  const int cores = options.cores > 0 ? options.cores : usable_cores();
  require(options.hosts == 0 || cores >= options.threads, "--cores: found ", cores,
          ", allowed: at least the ", options.threads, " threads of a trial");
  return std::max(1, cores / options.threads);
}

}  // namespace

bool SuitePlan::has_failures() const {
  return std::any_of(rows.begin(), rows.end(), [](const PlanRow& row) {
    return !row.calibration.ok() && row.calibration.status != Status::unsupported;
  });
}

SuitePlan plan_suite(const Suite& suite, const Registry& registry, const fs::path& out,
                     const PlanOptions& options, const CalibrationProgress& report) {
  SuitePlan plan;
  plan.suite = suite.name;
  plan.threads = options.threads;
  plan.hosts = options.hosts;
  plan.at_once = at_once_on_a_host(options);
  plan.has_throughput = suite.throughput.has_value();

  std::set<std::string> seen;
  std::vector<Stage> stages;
  if (!suite.tune.empty())
    stages.push_back(left_to_do(tuning_trials(suite, registry), out, seen, plan.finished));
  stages.push_back(left_to_do(
      suite.tune.empty() ? grid(suite, registry) : choose_settings(suite, registry, out).trials,
      out, seen, plan.finished));
  Rows rows;
  int64_t trials = 0;
  for (Stage& stage : stages) {
    rows.add(stage);
    trials += static_cast<int64_t>(stage.size());
  }
  plan.rows = std::move(rows.rows);

  CalibrationOptions calibration{options.threads, 1, options.cache, options.worker};
  const int64_t here = std::max(1, usable_cores() / options.threads);
  calibration.at_once = std::clamp<int64_t>(std::min(plan.at_once, trials), 1,
                                            options.jobs > 0 ? plan.at_once : here);
  const std::vector<Calibration> found = calibrations_of(rows.measured, calibration, report);
  for (std::size_t i = 0; i < found.size(); ++i) plan.rows[i].calibration = found[i];
  for (const Stage& stage : stages)
    for (const Planned& planned : stage) {
      PlanRow& row = plan.rows[planned.row];
      row.cost = cost_of(planned.spec, row.calibration);
    }
  add_up(stages, plan);
  return plan;
}

}  // namespace longhaul

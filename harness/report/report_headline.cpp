#include <fmt/format.h>

#include "harness/report/report_sections.h"
#include "support/number_text.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Names = std::vector<std::string>;

void add_once(Names& names, const std::string& name) {
  if (!name.empty() && !contains(names, name)) names.push_back(name);
}

std::string budget_text(const Budget& budget) {
  Names limits;
  if (budget.steps > 0) limits.push_back(fmt::format("{} steps", budget.steps));
  if (budget.seconds > 0) limits.push_back(fmt::format("{} seconds", budget.seconds));
  if (budget.tokens > 0) limits.push_back(short_count(budget.tokens) + " tokens");
  if (budget.flops > 0) limits.push_back(short_count(budget.flops) + " FLOPs");
  return fmt::format("{}", fmt::join(limits, ", "));
}

// Those of the backbone and of training that all trials share; the others stand beside the trials.
std::string settings_text(const std::vector<Trial>& trials) {
  const auto of = [](const Trial& trial) {
    const Settings& s = trial.spec.settings;
    return Names{fmt::format("d_model {}", s.d_model),
                 fmt::format("layers {}", s.layers),
                 fmt::format("batch {}", s.batch),
                 fmt::format("learning rate {:g}", s.learning_rate),
                 s.optimizer,
                 fmt::format("{} test examples", s.test_examples)};
  };
  const Names first = of(trials.front());
  Names shared;
  for (std::size_t i = 0; i < first.size(); ++i)
    if (std::all_of(trials.begin(), trials.end(),
                    [&](const Trial& trial) { return of(trial)[i] == first[i]; }))
      shared.push_back(first[i]);
  return fmt::format("{}", fmt::join(shared, ", "));
}

std::string machine_text(const std::string& cpu, int64_t threads) {
  return fmt::format("{}, {} thread{}", cpu, threads, threads == 1 ? "" : "s");
}

std::string trials_text(const std::vector<Trial>& trials) {
  std::size_t all = 0, ok = 0, waiting = 0;
  for (const Trial& trial : trials) {
    if (!trial.has_folder()) continue;
    ++all;
    ok += trial.ok();
    waiting += !trial.record;
  }
  std::string words = fmt::format("{} of {} ok", ok, all);
  if (all > ok + waiting) words += fmt::format(", {} failed", all - ok - waiting);
  if (waiting > 0) words += fmt::format(", {} waiting", waiting);
  return words;
}

}  // namespace

void add_headline(Page& page, const Report& report) {
  const Results& results = report.results;
  Names seeds, budgets, machines, versions;
  for (const Trial& trial : results.trials) {
    if (trial.is_external) continue;
    add_once(seeds, std::to_string(trial.spec.seed));
    add_once(budgets, budget_text(trial.spec.budget));
    if (!trial.record) continue;
    if (!trial.record->cpu.empty())
      add_once(machines, machine_text(trial.record->cpu, trial.record->threads) + " a trial");
    add_once(versions, trial.record->version);
  }
  for (const ThroughputRow& row : results.throughput) {
    if (!row.cpu.empty())
      add_once(machines, machine_text(row.cpu, row.threads) + " for throughput");
    add_once(versions, row.version);
  }
  std::vector<std::pair<std::string, std::string>> facts;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.emplace_back(name, value);
  };
  const auto joined = [](const Names& names, const char* by) {
    return fmt::format("{}", fmt::join(names, by));
  };
  if (!results.trials.empty()) {
    add("trials", trials_text(results.trials));
    add("compared", fmt::format("{} models on {} tasks", report.rows.size(), report.tasks.size()));
    add("seeds", joined(seeds, ", "));
    add("budget", joined(budgets, "; "));
    add("settings", settings_text(results.trials));
  }
  add("machine", joined(machines, "; "));
  add("longhaul", joined(versions, ", "));
  page.facts(facts);
  if (results.problems.empty()) return;
  page.paragraph(
      "Damaged files: without its record a trial counts as waiting, without its curve its points "
      "are left out.");
  page.list(results.problems);
}

}  // namespace longhaul

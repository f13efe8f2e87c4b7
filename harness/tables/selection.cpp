#include "harness/tables/selection.h"

#include <algorithm>

#include "harness/tables/summary.h"
#include "longhaul/error.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Names = std::vector<std::string>;

void require_known(const char* option, const char* kind, const Names& asked, const Names& known) {
  for (const std::string& name : asked)
    require(contains(known, name), option, ": no ", kind, " '", name, "'",
            nearest_and_known(name, known));
}

std::string model_of(const Trial& trial) { return trial.spec.model_name; }

// What --models may name: entries of the suite, rows of the table, models that were timed alone.
Names known_models(const Results& results) {
  Names names = distinct(results.trials, model_of);
  const auto add = [&](const std::string& name) {
    if (!contains(names, name)) names.push_back(name);
  };
  for (const Row& row : rows_of(results.trials)) add(row.label);
  for (const ThroughputRow& row : results.throughput) add(row.model);
  return names;
}

void select_models(Results& results, const Names& models) {
  require_known("--models", "model", models, known_models(results));
  const std::vector<Row> rows = rows_of(results.trials);
  const auto is_left_out = [&](const Trial& trial) {
    if (contains(models, trial.spec.model_name)) return false;
    return std::none_of(rows.begin(), rows.end(), [&](const Row& row) {
      return row.holds(trial.spec) && contains(models, row.label);
    });
  };
  std::erase_if(results.trials, is_left_out);
  std::erase_if(results.tuning, is_left_out);
  const auto is_other = [&](const auto& row) { return !contains(models, row.model); };
  std::erase_if(results.throughput, is_other);
  std::erase_if(results.solvers, is_other);
  std::erase_if(results.profile, is_other);
}

void select_tasks(Results& results, const Names& tasks) {
  require_known("--tasks", "task", tasks,
                distinct(results.trials, [](const Trial& trial) { return trial.spec.task_name; }));
  const auto is_left_out = [&](const Trial& trial) {
    return !contains(tasks, trial.spec.task_name);
  };
  std::erase_if(results.trials, is_left_out);
  std::erase_if(results.tuning, is_left_out);
}

std::string without_length(const std::string& name) { return name.substr(0, name.find(" @")); }

}  // namespace

void select(Results& results, const Selection& selection) {
  if (!selection.models.empty()) select_models(results, selection.models);
  if (!selection.tasks.empty()) select_tasks(results, selection.tasks);
}

Table with_columns(const Table& table, const Names& columns) {
  if (columns.empty()) return table;
  Names known = {"tasks"};
  for (std::size_t i = 1; i < table.header.size(); ++i) {
    known.push_back(table.header[i]);
    if (const std::string bare = without_length(table.header[i]); !contains(known, bare))
      known.push_back(bare);
  }
  require_known("--columns", "column", columns, known);

  std::vector<std::size_t> scores, costs;
  for (const std::string& name : columns)
    for (std::size_t i = 1; i < table.header.size(); ++i)
      if (table.header[i] == name || without_length(table.header[i]) == name ||
          (name == "tasks" && i <= table.scores))
        (i <= table.scores ? scores : costs).push_back(i);
  std::vector<std::size_t> places = {0};
  places.insert(places.end(), scores.begin(), scores.end());
  places.insert(places.end(), costs.begin(), costs.end());

  const auto chosen = [&](const auto& row) {
    std::decay_t<decltype(row)> fields;
    for (const std::size_t place : places) fields.push_back(row[place]);
    return fields;
  };
  Table shown = table;
  shown.header = chosen(table.header);
  for (auto& row : shown.models) row = chosen(row);
  for (auto& row : shown.baselines) row = chosen(row);
  shown.scores = scores.size();
  return shown;
}

}  // namespace longhaul

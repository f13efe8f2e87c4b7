#include "harness/plan/plan_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/results/machine.h"
#include "harness/run/progress.h"
#include "support/number_text.h"
#include "support/text_table.h"
#include "support/values.h"

namespace longhaul {
namespace {

using nlohmann::json;

std::string name_of(const PlanRow& row) {
  switch (row.kind) {
    case TrialKind::tuning:
      return row.model + " (tuning)";
    case TrialKind::pretraining:
      return row.model + " (pretrain)";
    case TrialKind::trial:
      break;
  }
  return row.model;
}

std::vector<TableCell> line_of(const PlanRow& row) {
  const std::string name = name_of(row);
  const Calibration& found = row.calibration;
  if (!found.ok()) {
    const std::string word = to_string(found.status);
    return {{name}, {std::to_string(row.trials)}, {"-"}, {"-"}, {"-"}, {"-"}, {word}};
  }
  return {{name},
          {std::to_string(row.trials)},
          {short_count(static_cast<double>(found.parameters))},
          {short_bytes(static_cast<double>(found.peak_activation_bytes))},
          {short_bytes(static_cast<double>(found.peak_resident_bytes))},
          {short_count(row.cost.flops)},
          {fmt::format("{:.1f}", row.cost.seconds)}};
}

Table table_of(const SuitePlan& plan, const std::string& task) {
  Table table;
  table.title = task;
  table.header = {"model", "trials", "params", "activ.", "resident", "FLOPs", "sec"};
  for (const PlanRow& row : plan.rows)
    if (row.task == task) table.models.push_back(line_of(row));
  return table;
}

std::string counted(int64_t count, const std::string& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// What all of it comes to.
std::string summary(const SuitePlan& plan) {
  const std::string finished =
      plan.finished > 0 ? fmt::format(" left of {}", plan.trials + plan.finished) : "";
  const std::string where =
      plan.hosts > 0
          ? fmt::format("{}, {} trials at once on each", counted(plan.hosts, "host"), plan.at_once)
          : fmt::format("{} at once", counted(plan.at_once, "trial"));
  return fmt::format(
      "{}: {}{}: {}\n{}, {} a trial\n{} of work, {} FLOPs, up to {}{}\n", plan.suite,
      counted(plan.trials, "trial"), finished, duration_text(plan.makespan_seconds), where,
      counted(plan.threads, "thread"), duration_text(plan.seconds), short_count(plan.flops),
      short_bytes(static_cast<double>(plan.peak_resident_bytes)), plan.hosts > 0 ? " a host" : "");
}

// What the table's numbers are, and what they leave out.
std::string notes(const SuitePlan& plan) {
  std::string text =
      "\nOf one trial: peak bytes of activations in training and of its process,\n"
      "operations of training, seconds from start to end.\n";
  for (const PlanRow& row : plan.rows)
    if (!row.calibration.ok())
      text += fmt::format("{} on {}: {}: {}\n", row.model, row.task,
                          to_string(row.calibration.status), row.calibration.message);
  if (plan.uncosted > 0)
    text += fmt::format("{} of these rows count as no time.\n", counted(plan.uncosted, "trial"));
  if (plan.has_throughput)
    text += "The throughput phase comes after the trials; it is not counted here.\n";
  return text;
}

json json_of(const PlanRow& row) {
  const Calibration& found = row.calibration;
  return {{"model", row.model},
          {"task", row.task},
          {"kind", to_string(row.kind)},
          {"trials", row.trials},
          {"status", to_string(found.status)},
          {"message", found.message},
          {"parameters", found.parameters},
          {"peak_activation_bytes", found.peak_activation_bytes},
          {"peak_resident_bytes", found.peak_resident_bytes},
          {"steps", row.cost.steps},
          {"tokens", row.cost.tokens},
          {"flops", row.cost.flops},
          {"train_seconds", row.cost.train_seconds},
          {"seconds", row.cost.seconds}};
}

}  // namespace

std::string to_text(const SuitePlan& plan) {
  std::string text;
  for (const std::string& task : distinct(plan.rows, [](const PlanRow& row) { return row.task; }))
    text += to_text(table_of(plan, task));
  return text + summary(plan) + notes(plan);
}

json to_json(const SuitePlan& plan) {
  json rows = json::array();
  for (const PlanRow& row : plan.rows) rows.push_back(json_of(row));
  json object = {{"suite", plan.suite},
                 {"cpu", cpu_name()},
                 {"version", longhaul_version()},
                 {"build", longhaul_build()},
                 {"trials", plan.trials},
                 {"finished", plan.finished},
                 {"uncosted", plan.uncosted},
                 {"at_once", plan.at_once},
                 {"threads", plan.threads},
                 {"seconds", plan.seconds},
                 {"makespan_seconds", plan.makespan_seconds},
                 {"flops", plan.flops},
                 {"peak_resident_bytes", plan.peak_resident_bytes},
                 {"rows", rows}};
  if (plan.hosts > 0) object["hosts"] = plan.hosts;
  return object;
}

}  // namespace longhaul

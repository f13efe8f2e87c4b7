#include "harness/cli/task_card.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/describe.h"
#include "harness/data/baselines.h"
#include "harness/data/examples.h"
#include "harness/settings/option_check.h"
#include "longhaul/error.h"
#include "support/enum_names.h"

namespace longhaul {
namespace {

using nlohmann::json;

constexpr int64_t kCardPositions = 1 << 20;
constexpr int64_t kFewest = 64, kMost = 1000;  // examples of each of training and test

json baselines_of(const Task& task, int64_t positions) {
  const int64_t examples = std::clamp(positions / task.max_length(), kFewest, kMost);
  const Baselines measured = measure_baselines(task, examples, examples);
  return {{"chance", measured.chance},
          {"majority", measured.majority},
          {"shallow", measured.shallow},
          {"examples", examples}};
}

json example_of(const Task& task) {
  const Example first = example(task, Split::train, 0, 0);
  json shown = {{"text", task.show(first)}, {"targets", first.targets}};
  if (task.channels() > 0)
    shown["values"] = first.values;
  else
    shown["tokens"] = first.tokens;
  if (task.readout() == Readout::pair) shown["second"] = first.second;
  return shown;
}

}  // namespace

json quick_baselines(const TaskInfo& info, int64_t positions) {
  try {
    const TaskCheck check = check_task(info, {});
    return check.ok() ? baselines_of(*check.task, positions) : json();
  } catch (const Error&) {  // a task that finds out only when asked for an example
    return {};
  }
}

json task_card(const TaskInfo& info) {
  json shown = describe(info);
  const TaskCheck check = check_task(info, {});
  shown["options"] = json::array();
  for (const OptionInfo& option : check.declared) shown["options"].push_back(describe(option));
  if (!check.ok()) {
    shown["needs"] = check.failure;
    for (const OptionProblem& problem : check.problems)
      shown["needs"] = problem.key + ": " + problem.message;
    return shown;
  }
  const Task& task = *check.task;
  static const EnumNames<Readout> readouts = {
      {Readout::sequence, "sequence"}, {Readout::pair, "pair"}, {Readout::token, "token"}};
  shown["version"] = task.version();
  shown["vocabulary"] = task.vocab();
  shown["channels"] = task.channels();
  shown["classes"] = task.classes();
  if (task.is_regression()) shown["answers"] = "real numbers, as many as classes says";
  shown["max_length"] = task.max_length();
  shown["readout"] = readouts.word(task.readout());
  shown["example"] = example_of(task);
  shown["baselines"] = baselines_of(task, kCardPositions);
  return shown;
}

}  // namespace longhaul

#include "harness/suite/task_facts.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "harness/data/batches.h"
#include "harness/data/test_tasks.h"
#include "harness/train/trial_tasks.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

constexpr int64_t kDrawnTokens = 8192;  // about as many
constexpr int64_t kMostExamples = 8;

std::vector<TestTask> tests_of(const TaskQuestion& question, const OptionMap& options,
                               const Registry& registry) {
  // A task that reads files is not opened again for nothing.
  if (question.evaluate.lengths.empty() && question.evaluate.test_sets.empty()) return {};
  TrialSpec probe;
  probe.task_name = question.name;
  probe.task = question.info.name;
  probe.task_options = options;
  probe.evaluate = question.evaluate;
  return make_test_tasks(probe, registry);
}

void fill(TaskFacts& facts, const Task& task, const TaskQuestion& question,
          const Registry& registry) {
  facts.version = task.version();
  facts.max_length = task.max_length();
  facts.train_examples = task.count(Split::train);
  facts.is_regression = task.is_regression();
  facts.shape = shape_of(task);
  try {
    facts.shape = shape_of(task, tests_of(question, facts.resolved, registry));
  } catch (const Error& error) {
    facts.untestable = error.what();
  }
  if (!question.wants_batch) return;
  const int64_t count = std::clamp<int64_t>(kDrawnTokens / facts.max_length, 1, kMostExamples);
  facts.batch = draw_batches(task, Split::train, 1, 0, count, 1).front();
}

}  // namespace

TaskFacts ask(const TaskQuestion& question, const Registry& registry) {
  const TaskCheck check = check_task(question.info, question.options);
  TaskFacts facts;
  static_cast<OptionCheck&>(facts) = check;
  if (!check.task) return facts;
  const auto answer = [&] { fill(facts, *check.task, question, registry); };
  const TaskInfo& info = question.info;
  const OptionCheck end = try_plugin(info.origin, "asking " + info.name, answer);
  facts.crash = end.crash;
  facts.failure = end.failure;
  if (facts.ok()) answer();
  return facts;
}

}  // namespace longhaul

#include <fmt/core.h>

#include "core/plugin_loader.h"
#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/data/batches.h"
#include "harness/data/data_content.h"
#include "harness/data/examples.h"
#include "harness/model/stored_model.h"
#include "harness/suite/assignments.h"
#include "harness/train/scoring.h"
#include "longhaul/ops.h"
#include "math/checkpoint.h"
#include "math/parallel.h"
#include "support/say.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string checkpoint, task, split = "test", logits;
  std::vector<std::string> sets;
  int64_t examples = 0;
  bool trust_plugins = false;
};

// Those of the options that say where the data is that the model was trained on.
OptionMap moved_data(const TrialSpec& spec, const Arguments& arguments, const OptionMap& given) {
  OptionMap moved;
  if (arguments.task.empty() || arguments.task == spec.task)
    for (const auto& [option, value] : given)
      if (spec.task_data.count(option)) moved[option] = value;
  return moved;
}

void warn_of_other_data(const TrialSpec& spec, const Options& asked) {
  const OptionMap contents = contents_of(asked.declared(), asked.resolved());
  for (const auto& [option, content] : spec.task_data)
    if (const auto now = contents.find(option); now != contents.end() && now->second != content)
      say("longhaul: {}: holds other data than the model was trained on\n",
          to_text(asked.resolved().at(option)));
}

// The task to score on: the stored one, another, or the stored one with other options.
std::unique_ptr<Task> task_for(const Arguments& arguments, const StoredModel& stored,
                               const OptionMap& given, const Registry& registry) {
  const bool same = arguments.task.empty() || arguments.task == stored.spec.task;
  OptionMap options = same ? stored.spec.task_options : OptionMap();
  for (const auto& [name, value] : given) options[name] = value;
  const std::string& name = same ? stored.spec.task : arguments.task;
  Options reader(options);
  std::unique_ptr<Task> task = registry.task(name).make(reader);
  reader.check(name);
  if (same) warn_of_other_data(stored.spec, reader);
  const TaskShape trained = shape_of(*stored.task), asked = shape_of(*task);
  require(trained.vocab == asked.vocab && trained.classes == asked.classes &&
              trained.readout == asked.readout &&
              stored.task->is_regression() == task->is_regression(),
          arguments.checkpoint, ": trained on vocabulary ", trained.vocab, " and ", trained.classes,
          " classes, task '", name, "' has ", asked.vocab, " and ", asked.classes);
  return task;
}

void print_score(const Score& score, const Task& task, const Registry& registry) {
  const double unit = task.answer_unit();
  if (task.is_regression())
    fmt::print("r2         {:.6f}\nmse        {:.6g}\nmae        {:.6g}\n", score.of("r2"),
               score.of("mse") * unit * unit, score.of("mae") * unit);
  else
    fmt::print("accuracy   {:.6f}\nloss       {:.6f}\n", score.of("accuracy"),
               score.of("cross_entropy"));
  for (const MetricInfo& metric : registry.metrics())
    if (is_of_plugin(metric.origin) && score.values.count(metric.name))
      fmt::print("{:<10} {:.6g}\n", metric.name, score.of(metric.name));
}

void run(const Arguments& arguments, CommandContext& context) {
  const TrialSpec spec = load_plugins_of(arguments.checkpoint, arguments.trust_plugins, context);
  const OptionMap given = read_assignments(arguments.sets);
  const OptionMap moved = moved_data(spec, arguments, given);
  const StoredModel stored = load_model(arguments.checkpoint, context.registry, moved);
  const std::unique_ptr<Task> task = task_for(arguments, stored, given, context.registry);
  const int64_t count =
      arguments.examples ? arguments.examples : stored.spec.settings.test_examples;
  const FlushDenormals flush;
  const Windows windows(*task, names_of(Split()).value(arguments.split), count);
  Scoring scoring(*stored.model, context.registry.metrics(), task->is_regression());
  std::vector<Tensor> logits;
  int64_t scored_examples = 0;
  for (int64_t i = 0; i < windows.count(); ++i) {
    const std::vector<Batch> batches = windows.draw(i);
    scoring.add(batches);
    for (const Batch& batch : batches) {
      scored_examples += task->readout() == Readout::pair ? batch.size / 2 : batch.size;
      if (!arguments.logits.empty()) logits.push_back(stored.model->forward(batch));
    }
  }
  const Score score = scoring.score();
  require(score.unanswered == 0, arguments.checkpoint,
          ": the model gives no answer: the logits of ", score.unanswered,
          " scored positions are not numbers");
  fmt::print("model      {}\ntask       {}\nsplit      {}\nexamples   {}\n", stored.spec.model_name,
             arguments.task.empty() ? stored.spec.task_name : arguments.task, arguments.split,
             scored_examples);
  print_score(score, *task, context.registry);
  if (!arguments.logits.empty()) save_npy(arguments.logits, concat(logits, 0));
}

}  // namespace

void add_eval_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add("eval", "Score a stored checkpoint on a task");
  command.add("CHECKPOINT", arguments->checkpoint, "A trial's checkpoint.safetensors")
      .required()
      .existing_file();
  command.add("--task", arguments->task, "Another task than the one it was trained on");
  command.add("--split", arguments->split, "train, validation or test")
      .one_of(names_of(Split()).words())
      .show_default();
  command.add("-n", arguments->examples, "How many examples (default: as many as the trial's test)")
      .positive();
  command.add("--set", arguments->sets, "OPTION=VALUE of the task, for example max_length=200");
  command.add("--logits", arguments->logits,
              "Write the logits [scored, classes] as a .npy file; examples are ordered by length");
  add_plugin_option(command, context);
  command.flag("--trust-plugins", arguments->trust_plugins, kTrustHelp);
  command.footer(
      "Example: longhaul eval results/runs/quick/trials/ID/checkpoint.safetensors --split "
      "validation");
  command.run([arguments, &context] { run(*arguments, context); });
}

}  // namespace longhaul

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "harness/cli/command.h"
#include "harness/suite/check.h"
#include "harness/train/examples.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string task;
  int64_t count = 1;
  std::string split = "train";
  uint64_t seed = 0;
  std::vector<std::string> assignments;
  std::string format = "text";
};

Split split_from(const std::string& name) {
  if (name == "train") return Split::train;
  if (name == "validation") return Split::validation;
  require(name == "test", "sample: --split: found '", name,
          "', allowed: train | validation | test");
  return Split::test;
}

// Prints examples one by one, so that a long list needs no memory.
void sample(const Arguments& arguments, const Registry& registry) {
  const std::string& format = arguments.format;
  require(format == "text" || format == "tsv" || format == "json", "sample: --format: found '",
          format, "', allowed: text | tsv | json");
  const Split split = split_from(arguments.split);
  const TaskCheck built = build_task(registry.task(arguments.task), arguments.assignments);
  const Task& task = *built.task;

  if (format == "tsv") fmt::print("tokens\ttargets\n");
  if (format == "json")
    fmt::print(
        "{{\"task\": \"{}\", \"version\": {}, \"split\": \"{}\", \"seed\": {}, \"examples\": [",
        arguments.task, task.version(), arguments.split, arguments.seed);
  for (int64_t i = 0; i < arguments.count; ++i) {
    const Example drawn = example(task, split, arguments.seed, i);
    const auto tokens = [&](const char* between) { return fmt::join(drawn.tokens, between); };
    const auto targets = [&](const char* between) { return fmt::join(drawn.targets, between); };
    if (format == "text")
      fmt::print("{}{}", i > 0 ? "\n" : "", task.show(drawn));
    else if (format == "tsv")
      fmt::print("{}\t{}\n", tokens(" "), targets(" "));
    else
      fmt::print("{}\n  {{\"tokens\": [{}], \"targets\": [{}]}}", i > 0 ? "," : "", tokens(", "),
                 targets(", "));
  }
  if (format == "json") fmt::print("\n]}}\n");
}

}  // namespace

void add_sample_command(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("sample", "Examples of a task, as training sees them");
  command->add_option("TASK", arguments->task, "As longhaul list tasks prints it")->required();
  command->add_option("-n", arguments->count, "How many")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--split", arguments->split, "train | validation | test")
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of the stream")->capture_default_str();
  command->add_option("--set", arguments->assignments, "OPTION=VALUE of the task; may be repeated")
      ->take_all()
      ->expected(1);
  command
      ->add_option("--format", arguments->format, "text | tsv | json; a target of -1 is unscored")
      ->capture_default_str();
  add_plugin_option(*command, context);
  command->footer("Example: longhaul sample listops -n 3 --seed 7 --set max_depth=4");
  command->callback([arguments, &context] { sample(*arguments, context.registry); });
}

}  // namespace longhaul

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "harness/cli/command.h"
#include "harness/cli/contact_sheet.h"
#include "harness/cli/plugin_option.h"
#include "harness/data/examples.h"
#include "harness/suite/assignments.h"
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
  std::string file;
};

// One row a line; a second sequence or real values only where the task has them.
void print_tsv(const Task& task, const Example& drawn) {
  if (task.channels() > 0)
    fmt::print("{}", fmt::join(drawn.values, " "));
  else
    fmt::print("{}", fmt::join(drawn.tokens, " "));
  if (task.readout() == Readout::pair) fmt::print("\t{}", fmt::join(drawn.second, " "));
  if (task.is_regression())
    fmt::print("\t{}\n", fmt::join(drawn.numbers, " "));
  else
    fmt::print("\t{}\n", fmt::join(drawn.targets, " "));
}

void print_json(const Task& task, const Example& drawn) {
  if (task.channels() > 0)
    fmt::print("{{\"values\": [{}]", fmt::join(drawn.values, ", "));
  else
    fmt::print("{{\"tokens\": [{}]", fmt::join(drawn.tokens, ", "));
  if (task.readout() == Readout::pair)
    fmt::print(", \"second\": [{}]", fmt::join(drawn.second, ", "));
  fmt::print(", \"targets\": [{}]", fmt::join(drawn.targets, ", "));
  if (task.is_regression()) fmt::print(", \"numbers\": [{}]", fmt::join(drawn.numbers, ", "));
  fmt::print("}}");
}

// Prints examples one by one, so that a long list needs no memory.
void print(const Arguments& arguments, const Task& task, Split split) {
  const std::string& format = arguments.format;
  if (format == "tsv")
    fmt::print("{}{}\t{}\n", task.channels() > 0 ? "values" : "tokens",
               task.readout() == Readout::pair ? "\tsecond" : "",
               task.is_regression() ? "numbers" : "targets");
  if (format == "json")
    fmt::print(
        "{{\"task\": \"{}\", \"version\": {}, \"split\": \"{}\", \"seed\": {}, \"examples\": [",
        arguments.task, task.version(), arguments.split, arguments.seed);
  for (int64_t i = 0; i < arguments.count; ++i) {
    const Example drawn = example(task, split, arguments.seed, i);
    if (format == "text") {
      fmt::print("{}{}", i > 0 ? "\n" : "", task.show(drawn));
    } else if (format == "tsv") {
      print_tsv(task, drawn);
    } else {
      fmt::print("{}\n  ", i > 0 ? "," : "");
      print_json(task, drawn);
    }
  }
  if (format == "json") fmt::print("\n]}}\n");
}

void write_png(const Arguments& arguments, const Task& task, Split split) {
  require(task.picture().width > 0, "sample: --format png: an example of ", arguments.task,
          " is no picture; allowed here: text | tsv | json");
  require(!arguments.file.empty(), "sample: --format png: the file is missing; add -o FILE.png");
  std::vector<Example> examples;
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < arguments.count; ++i) {
    examples.push_back(example(task, split, arguments.seed, i));
    targets.push_back(examples.back().targets.front());
  }
  const int64_t columns = write_contact_sheet(arguments.file, task, examples);
  fmt::print("{}: {} examples, {} in a row; targets {}\n", arguments.file, arguments.count, columns,
             fmt::join(targets, " "));
}

void sample(const Arguments& arguments, const Registry& registry) {
  const std::string& format = arguments.format;
  require(format == "text" || format == "tsv" || format == "json" || format == "png",
          "sample: --format: found '", format, "', allowed: text | tsv | json | png");
  require(arguments.file.empty() || format == "png", "sample: -o is for --format png; ", format,
          " goes to standard output");
  const Split split = names_of(Split()).value(arguments.split);
  const TaskCheck built = build_task(registry.task(arguments.task), arguments.assignments);
  if (format == "png")
    write_png(arguments, *built.task, split);
  else
    print(arguments, *built.task, split);
}

}  // namespace

void add_sample_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add("sample", "Examples of a task, as training sees them");
  command.add("TASK", arguments->task, "As longhaul list tasks prints it").required();
  command.add("-n", arguments->count, "How many").show_default().positive();
  command.add("--split", arguments->split, "train, validation or test")
      .one_of(names_of(Split()).words())
      .show_default();
  command.add("--seed", arguments->seed, "Of the stream").show_default();
  command.add("--set", arguments->assignments, "OPTION=VALUE of the task; may be repeated")
      .may_be_repeated();
  command.add("--format", arguments->format, "text | tsv | json | png; a target of -1 is unscored")
      .show_default();
  add_plugin_option(command, context);
  command.add("-o,--out", arguments->file, "The file of --format png, a sheet of all pictures");
  command.footer(
      "Example: longhaul sample listops -n 3 --seed 7 --set max_depth=4\n"
      "         longhaul sample pathfinder -n 16 --format png -o sheet.png");
  command.run([arguments, &context] { sample(*arguments, context.registry); });
}

}  // namespace longhaul

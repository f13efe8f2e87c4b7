#include <fmt/core.h>

#include <cmath>

#include "harness/check/gradcheck.h"
#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/suite/assignments.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string model;
  std::vector<std::string> sets;
};

bool check(const ModelInfo& model, const OptionMap& given, bool causal) {
  Options options(given);
  Settings base;
  base.d_model = 16;
  base.layers = layers_to_check(model);
  base.causal = causal;
  const TaskShape task{.vocab = 11,
                       .classes = 5,
                       .max_length = 32,
                       .readout = causal ? Readout::token : Readout::sequence};
  const Model small(model, options, base, task, 1);
  options.check(model.name);
  fmt::print("{}, {}\n{:<34} {:>14} {:>8} {:>10}\n", model.name,
             causal ? "causal" : "bidirectional", "parameter", "shape", "checked", "worst");
  bool ok = true;
  for (const GradientCheck& row : check_gradients(small, random_batch({9, 4}, task, 1))) {
    const std::string worst =
        std::isnan(row.worst) ? "not a number" : fmt::format("{:.3f}%", 100 * row.worst);
    fmt::print("{:<34} {:>14} {:>8} {:>10} {}\n", row.parameter, text(row.shape), row.checked,
               worst, row.ok ? "" : "WRONG");
    ok &= row.ok;
  }
  return ok;
}

void run(const Arguments& arguments, CommandContext& context) {
  const ModelInfo model = context.registry.model(arguments.model);
  const OptionMap options = read_assignments(arguments.sets);
  bool ok = true;
  for (bool causal : {true, false})
    if (model.direction != (causal ? Direction::bidirectional : Direction::causal))
      ok &= check(model, options, causal);
  fmt::print("{}\n", ok ? "all gradients agree with finite differences"
                        : "gradients disagree with finite differences");
  context.exit_status = ok ? 0 : 1;
}

}  // namespace

void add_gradcheck_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "gradcheck",
      "Compare the tape's gradient of every parameter of a model with finite differences");
  command
      .add("MODEL", arguments->model,
           "A registered model (longhaul list models), or a hybrid such as lru+transformer")
      .required();
  command.add("--set", arguments->sets, "OPTION=VALUE of the model (longhaul show model NAME)");
  add_plugin_option(command, context);
  command.footer("Example: longhaul gradcheck rnn --set cell=gru");
  command.run([arguments, &context] { run(*arguments, context); });
}

}  // namespace longhaul

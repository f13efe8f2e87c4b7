#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/model/given_tokens.h"
#include "longhaul/ops.h"
#include "math/checkpoint.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string checkpoint, tokens, out, grad, targets;
  bool trust_plugins = false;
};

// The mean loss's gradient of every parameter, under the parameters' names.
Checkpoint gradients(const Model& model, const Batch& batch, const IntArray& targets) {
  int64_t scored = 0;
  for (int32_t target : targets.values) scored += target != kIgnore;
  require(scored > 0, "no target is scored: all are ", kIgnore);
  Tape tape;
  const Tensor loss =
      cross_entropy(model.forward(batch), targets.values, 1 / static_cast<float>(scored));
  tape.backward(loss);
  fmt::print("loss {:.9g}\n", loss.item());
  Checkpoint file;
  for (const Parameter& parameter : model.parameters()) {
    const float *first = parameter.value.grad(), *end = first + parameter.value.size();
    require(std::all_of(first, end, [](float g) { return std::isfinite(g); }), "the gradient of ",
            parameter.name, " is not a number everywhere");
    file.tensors.push_back({parameter.name, Tensor::from(parameter.value.shape(), {first, end})});
  }
  return file;
}

void run(const Arguments& arguments, CommandContext& context) {
  require(arguments.grad.empty() == arguments.targets.empty(),
          "--grad and --targets belong together: the gradient is that of the loss on the targets");
  load_plugins_of(arguments.checkpoint, arguments.trust_plugins, context);
  const StoredModel stored = load_model(arguments.checkpoint, context.registry);
  const Batch batch = batch_of_tokens(stored, load_npy(arguments.tokens), arguments.tokens);
  const FlushDenormals flush;
  save_npy(arguments.out, logits_of(stored, batch));
  if (arguments.grad.empty()) return;
  const IntArray targets = load_npy(arguments.targets);
  require(targets.values.size() == batch.rows.size(), arguments.targets, ": ",
          targets.values.size(), " targets for ", batch.rows.size(), " read-outs");
  require(!stored.task->is_regression(), arguments.targets,
          ": the model answers with real numbers, allowed with --targets: one that answers with "
          "classes");
  save_checkpoint(arguments.grad, gradients(*stored.model, batch, targets));
}

}  // namespace

void add_forward_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "forward", "Logits (and parameter gradients) of a stored checkpoint on given tokens");
  command.add("CHECKPOINT", arguments->checkpoint, "A trial's checkpoint.safetensors")
      .required()
      .existing_file();
  command
      .add("--tokens", arguments->tokens,
           "Token ids [batch, length], .npy, int32 or int64; 0 pads at the end")
      .required()
      .existing_file();
  command
      .add("--out", arguments->out,
           "Logits, .npy, float32: [batch, classes], or [batch, length, classes] of a "
           "token-level task")
      .required();
  command.add("--grad", arguments->grad,
              "Gradients of the mean cross-entropy, .safetensors, under the parameters' names");
  command.add("--targets", arguments->targets, "Targets for --grad, .npy; -1 is not scored")
      .existing_file();
  add_plugin_option(command, context);
  command.flag("--trust-plugins", arguments->trust_plugins, kTrustHelp);
  command.footer(
      "Example: longhaul forward checkpoint.safetensors --tokens tokens.npy --out logits.npy");
  command.run([arguments, &context] { run(*arguments, context); });
}

}  // namespace longhaul

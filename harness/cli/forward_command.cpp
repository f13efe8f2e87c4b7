#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/model/stored_model.h"
#include "longhaul/ops.h"
#include "math/checkpoint.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string checkpoint, tokens, out, grad, targets;
  bool trust_plugins = false;
};

// tokens [batch, length]; a sequence ends where only padding follows.
Batch batch_from(const IntArray& tokens, const std::string& file, Readout readout) {
  require(tokens.shape.size() == 2, file, ": expected an array [batch, length], found ",
          tokens.shape.size(), " axes");
  Batch batch;
  batch.size = tokens.shape[0];
  batch.length = tokens.shape[1];
  batch.tokens = tokens.values;
  for (int64_t b = 0; b < batch.size; ++b) {
    int64_t length = batch.length;
    while (length > 0 && batch.tokens[b * batch.length + length - 1] == kPad) --length;
    require(length > 0, file, ": sequence ", b, " holds nothing but padding (id ", kPad, ")");
    batch.lengths.push_back(length);
    if (readout == Readout::sequence)
      batch.rows.push_back(static_cast<int32_t>(b));
    else
      for (int64_t t = 0; t < batch.length; ++t)
        batch.rows.push_back(static_cast<int32_t>(b * batch.length + t));
  }
  return batch;
}

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
  require(stored.task->readout() != Readout::pair && stored.task->channels() == 0,
          arguments.checkpoint, ": task '", stored.spec.task,
          "' does not read single sequences of ids; use longhaul eval --logits");
  const Batch batch =
      batch_from(load_npy(arguments.tokens), arguments.tokens, stored.task->readout());
  require(batch.length <= stored.task->max_length() || stored.spec.model_options.empty(),
          arguments.tokens, ": length ", batch.length, ", the model was built for at most ",
          stored.task->max_length());
  const FlushDenormals flush;
  const Tensor logits = stored.model->forward(batch);
  const int64_t unanswered = rows_without_answer(logits);
  require(unanswered == 0, arguments.checkpoint, ": the model gives no answer: ", unanswered,
          " of ", logits.dim(0), " rows of logits are not numbers");
  const int64_t C = logits.dim(1);
  save_npy(arguments.out, stored.task->readout() == Readout::token
                              ? reshape(logits, {batch.size, batch.length, C})
                              : logits);
  if (arguments.grad.empty()) return;
  const IntArray targets = load_npy(arguments.targets);
  require(targets.values.size() == batch.rows.size(), arguments.targets, ": ",
          targets.values.size(), " targets for ", batch.rows.size(), " read-outs");
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

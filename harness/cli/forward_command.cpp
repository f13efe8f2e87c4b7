#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/model/given_inputs.h"
#include "longhaul/ops.h"
#include "math/checkpoint.h"
#include "math/ops/losses.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string checkpoint, tokens, values, out, grad, targets;
  bool trust_plugins = false;
};

// The mean cross entropy on targets that are classes; kIgnore is not scored.
Tensor loss_of_classes(const Model& model, const Batch& batch, const IntArray& targets,
                       const std::string& source) {
  require(targets.values.size() == batch.rows.size(), source, ": ", targets.values.size(),
          " targets for ", batch.rows.size(), " read-outs");
  const auto scored = std::count_if(targets.values.begin(), targets.values.end(),
                                    [](int32_t target) { return target != kIgnore; });
  require(scored > 0, "no target is scored: all are ", kIgnore);
  return cross_entropy(model.forward(batch), targets.values, 1 / static_cast<float>(scored));
}

// The mean squared error on targets that are real numbers; a row that begins with NaN is not
// scored.
Tensor loss_of_numbers(const Model& model, const Batch& batch, const Tensor& targets,
                       const std::string& source) {
  const Tensor outputs = model.forward(batch);
  require(targets.size() == outputs.size(), source, ": ", targets.size(), " numbers for ",
          outputs.dim(0), " read-outs of ", outputs.dim(1));
  std::vector<float> answers(targets.data(), targets.data() + targets.size());
  Tensor is_scored(outputs.shape());
  int64_t scored = 0;
  const int64_t width = outputs.dim(1);
  for (int64_t r = 0; r < outputs.dim(0); ++r) {
    float* answer = answers.data() + r * width;
    const bool counts = !std::isnan(*answer);
    scored += counts;
    std::fill_n(is_scored.data() + r * width, width, counts ? 1.0f : 0.0f);
    if (!counts) std::fill_n(answer, width, 0.0f);
  }
  require(scored > 0, "no target is scored: all are NaN");
  return squared_error(where(is_scored, outputs, Tensor(outputs.shape())), answers,
                       1 / static_cast<float>(scored));
}

// The loss's gradient of every parameter, under the parameters' names.
Checkpoint gradients(const Model& model, const std::function<Tensor()>& loss_of) {
  Tape tape;
  const Tensor loss = loss_of();
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
  require(arguments.tokens.empty() != arguments.values.empty(),
          "forward needs --tokens or --values, and not both");
  load_plugins_of(arguments.checkpoint, arguments.trust_plugins, context);
  const StoredModel stored = load_model(arguments.checkpoint, context.registry);
  const Batch batch =
      arguments.values.empty()
          ? batch_of_tokens(stored, load_npy(arguments.tokens), arguments.tokens)
          : batch_of_values(stored, load_npy_numbers(arguments.values), arguments.values);
  const FlushDenormals flush;
  save_npy(arguments.out, logits_of(stored, batch));
  if (arguments.grad.empty()) return;
  const std::string& targets = arguments.targets;
  save_checkpoint(arguments.grad, gradients(*stored.model, [&] {
                    return stored.task->is_regression()
                               ? loss_of_numbers(*stored.model, batch, load_npy_numbers(targets),
                                                 targets)
                               : loss_of_classes(*stored.model, batch, load_npy(targets), targets);
                  }));
}

}  // namespace

void add_forward_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "forward", "Logits (and parameter gradients) of a stored checkpoint on given inputs");
  command.add("CHECKPOINT", arguments->checkpoint, "A trial's checkpoint.safetensors")
      .required()
      .existing_file();
  command
      .add("--tokens", arguments->tokens,
           "Token ids [batch, length], .npy, int32 or int64; 0 pads at the end")
      .existing_file();
  command
      .add("--values", arguments->values,
           "Or real numbers [batch, length, channels], .npy, float32 or float64, as the task hands "
           "them over; NaN pads at the end")
      .existing_file();
  command
      .add("--out", arguments->out,
           "Logits, or the outputs of a regression, .npy, float32: [batch, classes], or [batch, "
           "length, classes] of a token-level task")
      .required();
  command.add("--grad", arguments->grad,
              "Gradients of the mean cross-entropy, or of the mean squared error of a regression, "
              ".safetensors, under the parameters' names");
  command
      .add(
          "--targets", arguments->targets,
          "Targets for --grad, .npy: classes, -1 is not scored; or real numbers, NaN is not scored")
      .existing_file();
  add_plugin_option(command, context);
  command.flag("--trust-plugins", arguments->trust_plugins, kTrustHelp);
  command.footer(
      "Example: longhaul forward checkpoint.safetensors --tokens tokens.npy --out logits.npy");
  command.run([arguments, &context] { run(*arguments, context); });
}

}  // namespace longhaul

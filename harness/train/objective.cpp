#include "harness/train/objective.h"

#include <algorithm>

#include "harness/data/examples.h"
#include "harness/data/label_noise.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

constexpr int64_t kCountedExamples = 4000;
constexpr int64_t kCountedPositions = 1 << 22;

// Each class's share of the training answers, as noisy as they are trained on; every class counts
// once more than it was seen, so that none is impossible.
std::vector<double> class_shares(const Settings& settings, const Task& task) {
  const int64_t stored = task.count(Split::train), C = task.classes();
  const int64_t affordable =
      std::clamp<int64_t>(kCountedPositions / task.max_length(), 1, kCountedExamples);
  std::vector<double> seen(static_cast<std::size_t>(C), 1);
  double total = static_cast<double>(C);
  for (int64_t i = 0; i < (stored ? std::min(stored, affordable) : affordable); ++i) {
    Example trained = example(task, Split::train, 0, i);
    add_label_noise(trained, settings.label_noise, C);
    for (const int32_t target : trained.targets) {
      if (target == kIgnore) continue;
      ++seen[target];
      ++total;
    }
  }
  for (double& count : seen) count /= total;
  return seen;
}

}  // namespace

Objective make_objective(const Settings& settings, const Tensor& head, const Task& task,
                         const Registry& registry) {
  const LossInfo& loss = registry.loss(settings.loss);
  const std::string problem = answer_problem(settings, task.is_regression(), registry);
  require(problem.empty(), problem);
  const Objective objective =
      loss.make({.gamma = settings.loss_gamma,
                 .tau = settings.loss_tau,
                 .label_smoothing = settings.label_smoothing,
                 .is_head_fixed = settings.loss_head == "fixed",
                 .is_mixed = settings.loss_mix == "cross_entropy",
                 .head = head,
                 .class_shares = [&] { return class_shares(settings, task); }});
  require(objective != nullptr, "loss: ", loss.name, " (", loss.origin, ") made no objective");
  return objective;
}

std::string answer_problem(const Settings& settings, bool is_regression, const Registry& registry) {
  std::string allowed;
  bool suits = false;
  for (const LossInfo& loss : registry.losses()) {
    if (loss.is_of_numbers != is_regression) continue;
    allowed += (allowed.empty() ? "" : " | ") + loss.name;
    suits |= loss.name == settings.loss;
  }
  if (!suits)
    return text("loss: found ", settings.loss, ", allowed where answers are ",
                is_regression ? "real numbers: " : "classes: ", allowed);
  if (is_regression && settings.label_noise > 0)
    return text("label_noise: found ", settings.label_noise,
                ", allowed where answers are real numbers: 0");
  return "";
}

}  // namespace longhaul

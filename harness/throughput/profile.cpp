#include "harness/throughput/profile.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/results/machine.h"
#include "harness/throughput/attempt.h"
#include "harness/throughput/limits.h"
#include "harness/throughput/memory.h"
#include "harness/throughput/workload.h"
#include "longhaul/error.h"
#include "math/instruction_set.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

struct NamedKind {
  const char* kind;
  std::vector<const char*> functions;
};

// Other functions are kinds of their own, named by their words.
const std::vector<NamedKind>& named_kinds() {
  static const std::vector<NamedKind> kinds = {
      {"product", {"matmul"}},
      {"gated MLP", {"gated_mlp"}},
      {"recurrence", {"nonlinear_recurrence"}},
      {"short convolution", {"causal_conv"}},
      {"long convolution", {"fft_convolution"}},
      {"norm", {"layer_norm", "rms_norm", "batch_norm"}},
      {"rotary positions", {"rotary"}},
      {"elementwise", {"unary", "binary", "gated_silu", "where", "dropout"}},
      {"sums", {"sum", "max", "cumsum", "softmax"}},
      {"copies", {"permute", "slice", "concat", "repeat", "flip", "gather"}},
      {"pooling, loss",
       {"pool_mean", "pool_last", "pool_max", "cross_entropy", "smoothed_cross_entropy",
        "squared_error", "loss_of_target", "emo_loss"}},
      {"recomputed blocks", {"recomputed", "with_gradient", "unknown"}},
  };
  return kinds;
}

// A step's mean over a turn of so many.
OperatorCost of_one(OperatorCost cost, int64_t runs) {
  cost.calls /= runs;
  cost.flops /= runs;
  cost.bytes /= runs;
  cost.seconds /= static_cast<double>(runs);
  return cost;
}

std::vector<ProfiledKind> kinds_of(const OperatorProfile& profile, int64_t runs) {
  std::map<std::string, OperatorCosts> sums;
  for (const auto& [function, costs] : profile.operators()) sums[kind_of(function)].add(costs);
  std::vector<ProfiledKind> kinds;
  for (const auto& [name, costs] : sums)
    kinds.push_back(
        {name,
         {of_one(costs.forward, runs), of_one(costs.backward, runs), of_one(costs.update, runs)}});
  std::stable_sort(kinds.begin(), kinds.end(), [](const ProfiledKind& a, const ProfiledKind& b) {
    return a.seconds() > b.seconds();
  });
  return kinds;
}

// What is left of the threads' time.
ProfiledKind between(const ProfileRow& row) {
  double seconds = row.step_seconds * static_cast<double>(row.threads);
  for (const ProfiledKind& kind : row.kinds) seconds -= kind.seconds();
  ProfiledKind rest{"between", {}};
  rest.costs.update.seconds = seconds;
  return rest;
}

struct ProfiledTurn {
  double seconds = 0;  // of a step
  OperatorProfile profile;
};

ProfiledTurn take_turn(Workload& workload, int64_t runs) {
  ProfiledTurn turn;
  for (int64_t run = 0; run < runs; ++run)
    turn.seconds += workload.run(turn.profile) / static_cast<double>(runs);
  return turn;
}

void profile_row(ProfileRow& row, Workload& workload, const ThroughputPlan& plan) {
  workload.run();
  const double once = workload.run();
  const int64_t runs = std::max<int64_t>(1, std::llround(plan.turn_seconds / once));
  std::vector<ProfiledTurn> turns;
  for (int64_t turn = 0; turn < plan.repetitions; ++turn)
    turns.push_back(take_turn(workload, runs));
  const auto middle = turns.begin() + (plan.repetitions - 1) / 2;
  std::nth_element(
      turns.begin(), middle, turns.end(),
      [](const ProfiledTurn& a, const ProfiledTurn& b) { return a.seconds < b.seconds; });
  row.step_seconds = middle->seconds;
  row.kinds = kinds_of(middle->profile, runs);
  row.kinds.push_back(between(row));
  row.flops_per_token = workload.cost().flops_per_token;
  row.status = Status::ok;
}

// Every length once: at the plan's tokens a step, the longest ones at batch 1.
std::vector<TimedShape> profiled_shapes(const ThroughputPlan& plan) {
  std::vector<TimedShape> shapes;
  for (const TimedShape& shape : timed_shapes(plan)) {
    if (shape.series > plan.tokens) continue;
    if (!shapes.empty() && shapes.back().length == shape.length) shapes.pop_back();
    shapes.push_back(shape);
  }
  return shapes;
}

ProfileRow described(const TrialSpec& spec, Phase phase, const TimedShape& shape, int threads) {
  ProfileRow row;
  row.model = spec.model_name;
  row.model_id = spec.exact_id();
  row.phase = phase;
  row.length = shape.length;
  row.batch = shape.batch;
  row.precision = spec.settings.precision;
  row.threads = threads;
  row.isa = instruction_set();
  row.host = host_name();
  row.cpu = cpu_name();
  row.version = longhaul_version();
  row.build = longhaul_build();
  return row;
}

}  // namespace

std::string kind_of(const std::string& function) {
  for (const NamedKind& kind : named_kinds())
    if (std::find(kind.functions.begin(), kind.functions.end(), function) != kind.functions.end())
      return kind.kind;
  std::string words = function;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::vector<ProfileRow> profile_operators(const std::vector<TrialSpec>& models,
                                          const Registry& registry, const ThroughputPlan& plan,
                                          int threads, const ProfileReport& report) {
  std::vector<Phase> phases = plan.phases;
  std::erase(phases, Phase::decode);
  require(!phases.empty(),
          "throughput.phases: [decode]; a profile needs train or prefill among them");
  set_threads(threads);
  const FlushDenormals flush;
  const double peak = peak_gflops(threads), bandwidth = peak_gigabytes_per_second(threads);
  std::vector<ProfileRow> rows;
  for (const TrialSpec& spec : models)
    for (const Phase phase : phases)
      for (const TimedShape& shape : profiled_shapes(plan)) {
        ProfileRow row = described(spec, phase, shape, threads);
        report(rows, text(to_string(phase), ", ", row.model, ", length ", row.length, ", batch ",
                          row.batch));
        row.peak_gflops = peak;
        row.gigabytes_per_second = bandwidth;
        attempt(row, [&] {
          row.message = memory_refusal(spec, registry, phase, row.length, row.batch);
          if (row.message.empty())
            profile_row(row, *make_workload(spec, registry, phase, row.length, row.batch), plan);
          else
            row.status = Status::out_of_memory;
        });
        rows.push_back(std::move(row));
      }
  report(rows, "");
  return rows;
}

}  // namespace longhaul

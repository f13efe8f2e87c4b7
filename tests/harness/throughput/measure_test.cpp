
#include <unistd.h>

#include <algorithm>
#include <map>

#include "core/builtins.h"
#include "harness/throughput/measure.h"
#include "harness/throughput/memory.h"
#include "harness/throughput/turns.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// y = x, which cannot take more than 8 positions.
class Short final : public Mixer {
 public:
  explicit Short(MixerContext& c) {
    require(c.max_length() <= 8, "short: length ", c.max_length(), " is beyond 8");
  }
  Tensor forward(const Tensor& x, const Lengths&) const override { return x; }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State&) const override { return x; }
};

// y = x, but counts operations that it does not do.
class Boaster final : public Mixer {
 public:
  explicit Boaster(MixerContext&) {}
  Tensor forward(const Tensor& x, const Lengths&) const override {
    count_flops(int64_t{1} << 50);
    return x;
  }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State&) const override { return x; }
};

// y = x, at a length of 16 the end of the program.
class Fatal final : public Mixer {
 public:
  explicit Fatal(MixerContext&) {}
  Tensor forward(const Tensor& x, const Lengths&) const override {
    if (x.dim(1) == 16) _exit(0);
    return x;
  }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State&) const override { return x; }
};

Registry timed_registry() {
  Registry registry;
  register_builtins(registry);
  registry.mixer<Short>({"short", "y = x up to 8", "none", Direction::either, {}, {}});
  registry.mixer<Boaster>({"boaster", "y = x", "none", Direction::either, {}, {}});
  return registry;
}

TrialSpec timed(const std::string& model) {
  TrialSpec spec;
  spec.model_name = spec.model = model;
  spec.settings.d_model = 8;
  spec.settings.layers = 1;
  return spec;
}

ThroughputPlan tiny_plan() {
  ThroughputPlan plan;
  plan.lengths = {8, 16};
  plan.tokens = 32;
  plan.repetitions = 2;
  plan.turn_seconds = 0;
  return plan;
}

std::vector<ThroughputRow> measure(const std::vector<TrialSpec>& models, const ThroughputPlan& plan,
                                   const std::vector<ThroughputRow>& kept = {}) {
  return measure_throughput(models, timed_registry(), plan, 1, kept,
                            [](const std::vector<ThroughputRow>&, const ThroughputProgress&) {});
}

// Notes whose turn it is.
class Scribe final : public Workload {
 public:
  Scribe(std::string name, std::string& notes) : name_(std::move(name)), notes_(notes) {}

 private:
  Step step(Measurement&) override {
    notes_ += name_;
    if (name_ == "X") throw Error("X cannot");
    return {0.5, 1};
  }
  std::string name_;
  std::string& notes_;
};

}  // namespace

TEST_CASE("shapes: every length at batch 1 and at fixed tokens, the shortest doubled",
          "[throughput]") {
  ThroughputPlan plan;
  plan.lengths = {64, 16, 256};
  plan.tokens = 128;
  const std::vector<TimedShape> expected = {{16, 1, 0}, {16, 8, 128}, {16, 16, 256},
                                            {64, 1, 0}, {64, 2, 128}, {256, 1, 0}};
  CHECK(timed_shapes(plan) == expected);
}

TEST_CASE("models take turns, once a repetition", "[throughput]") {
  std::string notes;
  std::vector<Turn> turns(2);
  turns[0].workload = std::make_unique<Scribe>("A", notes);
  turns[1].workload = std::make_unique<Scribe>("B", notes);
  turns[1].runs = 2;
  take_turns(turns, 3);
  CHECK(notes == "ABBABBABB");
  CHECK(turns[0].step_seconds == std::vector<double>{0.5, 0.5, 0.5});
  CHECK(turns[1].step_seconds == std::vector<double>{0.5, 0.5, 0.5});
}

TEST_CASE("a model that fails loses its turns and the others keep theirs", "[throughput]") {
  std::string notes;
  std::vector<Turn> turns(2);
  turns[0].workload = std::make_unique<Scribe>("X", notes);
  turns[1].workload = std::make_unique<Scribe>("B", notes);
  take_turns(turns, 2);
  CHECK(notes == "XBB");
  CHECK(turns[0].failure);
  CHECK(turns[0].step_seconds.empty());
  CHECK(turns[1].step_seconds.size() == 2);
}

TEST_CASE("every model, phase and shape has a row with what it cost", "[throughput]") {
  const auto rows = measure({timed("transformer"), timed("lru")}, tiny_plan());
  REQUIRE(rows.size() == 2 * 3 * 5);
  for (const ThroughputRow& row : rows) {
    INFO(row.model << " " << to_string(row.phase) << " " << row.length << " " << row.batch << " "
                   << row.message);
    REQUIRE(row.ok());
    CHECK(row.step_seconds.size() == 2);
    CHECK(row.tokens_per_second(0.5) > 0);
    CHECK(row.tokens_per_second(0.2) <= row.tokens_per_second(0.8));
    CHECK(row.peak_activation_bytes > 0);
    CHECK(row.parameter_bytes > 0);
    CHECK((row.optimizer_bytes > 2 * row.parameter_bytes) == (row.phase == Phase::train));
    CHECK((row.state_bytes > 0) == (row.phase == Phase::decode));
    CHECK(row.flops_per_token > 0);
    CHECK(row.fraction_of_peak() > 0);
    CHECK(row.fraction_of_peak() < 1);
    CHECK(!row.kernel.empty());
    CHECK(!row.isa.empty());
    CHECK(row.threads == 1);
  }
  CHECK(rows[0].model == "transformer");
  CHECK(rows[15].model == "lru");
}

TEST_CASE("repetitions are spread over three passes", "[throughput]") {
  ThroughputPlan plan = tiny_plan();
  plan.repetitions = 5;
  plan.phases = {Phase::prefill};
  plan.lengths = {8, 16};
  plan.tokens = 8;
  std::string steps;
  const auto rows =
      measure_throughput({timed("lru")}, timed_registry(), plan, 1, {},
                         [&](const std::vector<ThroughputRow>&, const ThroughputProgress& now) {
                           steps += text(now.done, "/", now.total, " ", now.doing, "; ");
                         });
  CHECK(steps ==
        "0/10 prefill, length 8, batch 1; 2/10 prefill, length 16, batch 1; "
        "4/10 prefill, length 8, batch 1; 6/10 prefill, length 16, batch 1; "
        "8/10 prefill, length 8, batch 1; 9/10 prefill, length 16, batch 1; 10/10 ; ");
  for (const ThroughputRow& row : rows) CHECK(row.step_seconds.size() == 5);
}

TEST_CASE("training counts about three times the operations of prefill", "[throughput]") {
  ThroughputPlan plan = tiny_plan();
  plan.phases = {Phase::train, Phase::prefill};
  std::map<Phase, double> flops;
  for (const ThroughputRow& row : measure({timed("transformer")}, plan))
    if (row.length == 16 && row.batch == 1) flops[row.phase] = row.flops_per_token;
  CHECK(flops[Phase::train] / flops[Phase::prefill] == Approx(3).epsilon(0.1));
}

TEST_CASE("activations of a phase are its own, whatever else is alive", "[throughput]") {
  ThroughputPlan plan = tiny_plan();
  plan.phases = {Phase::decode};
  const auto alone = measure({timed("lru")}, plan);
  const auto beside = measure({timed("transformer"), timed("lru")}, plan);
  REQUIRE(beside.size() == 2 * alone.size());
  for (std::size_t i = 0; i < alone.size(); ++i)
    CHECK(alone[i].peak_activation_bytes == beside[alone.size() + i].peak_activation_bytes);
}

TEST_CASE("a model that cannot do a length or a phase is a row with its reason", "[throughput]") {
  TrialSpec both_ways = timed("lru");
  both_ways.settings.causal = false;
  const auto rows = measure({timed("short"), both_ways}, tiny_plan());
  REQUIRE(rows.size() == 30);
  for (const ThroughputRow& row : rows) {
    const bool too_long = row.model == "short" && row.length > 8;
    const bool decodes = row.model == "lru" && row.phase == Phase::decode;
    CHECK(row.status == (too_long || decodes ? Status::unsupported : Status::ok));
    if (too_long) CHECK(row.message == "short: length 16 is beyond 8");
    if (decodes) CHECK_THAT(row.message, Contains("needs causal: true"));
  }
}

TEST_CASE("code of a plugin that ends the program costs its own rows", "[throughput]") {
  Registry registry = timed_registry();
  registry.set_origin("/plugins/fatal.so");
  registry.mixer<Fatal>({"fatal", "y = x", "none", Direction::either, {}, {}});
  ThroughputPlan plan = tiny_plan();
  plan.phases = {Phase::prefill};
  const auto rows = measure_throughput({timed("fatal"), timed("lru")}, registry, plan, 1, {},
                                       [](const auto&, const auto&) {});
  REQUIRE(rows.size() == 10);
  for (const ThroughputRow& row : rows) {
    const bool ends = row.model == "fatal" && row.length == 16;
    CHECK(row.status == (ends ? Status::failed : Status::ok));
    if (ends) CHECK(row.message == "plugin /plugins/fatal.so: timing fatal fails: exit status 0");
  }
}

TEST_CASE("a row that counts more than the machine can do is an error", "[throughput]") {
  ThroughputPlan plan = tiny_plan();
  plan.lengths = {8};
  plan.phases = {Phase::prefill};
  for (const ThroughputRow& row : measure({timed("boaster")}, plan)) {
    CHECK(row.status == Status::failed);
    CHECK_THAT(row.message, Contains("times the machine's peak"));
  }
}

TEST_CASE("a shape beyond the machine's memory is foretold, not tried", "[throughput]") {
  ThroughputPlan plan = tiny_plan();
  plan.lengths = {8};
  plan.tokens = int64_t{1} << 50;
  for (const ThroughputRow& row : measure({timed("transformer")}, plan)) {
    if (row.batch == 1) {
      CHECK(row.ok());
      continue;
    }
    CHECK(row.status == Status::out_of_memory);
    CHECK_THAT(row.message, Contains("needs about") && Contains("not tried"));
  }
}

TEST_CASE("what a step will take is foretold from short lengths", "[throughput]") {
  for (const std::string model : {"transformer", "lru", "rnn"})
    for (const Phase phase : {Phase::train, Phase::prefill, Phase::decode}) {
      INFO(model << " " << to_string(phase));
      const auto workload = make_workload(timed(model), timed_registry(), phase, 1024, 2);
      workload->run();
      const WorkloadCost& cost = workload->cost();
      const auto actual =
          static_cast<double>(cost.parameter_bytes + cost.optimizer_bytes + cost.activation_bytes);
      const double foretold = predict_bytes(timed(model), timed_registry(), phase, 1024, 2);
      CHECK(foretold > 0.5 * actual);
      CHECK(foretold < 3 * actual + (1 << 16));  // kilobytes decide nothing
    }
}

TEST_CASE("rows already measured are kept, and the rest is measured", "[throughput]") {
  ThroughputPlan plan = tiny_plan();
  plan.phases = {Phase::prefill};
  auto kept = measure({timed("lru")}, plan);
  for (ThroughputRow& row : kept) row.kernel = "kept";
  kept[0].status = Status::failed;  // failed rows are tried again
  kept[1].step_seconds = {1000};    // those with too few repetitions go on
  kept[2].step_seconds = {1000};    // but not on another machine
  kept[2].host = "another";
  plan.lengths = {8, 16, 32};
  const auto rows = measure({timed("lru")}, plan, kept);
  REQUIRE(rows.size() == 6);
  CHECK(std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.kernel == "kept"; }) ==
        2);
  CHECK(rows[1].step_seconds.size() == 2);
  CHECK(rows[1].step_seconds[0] == 1000);
  CHECK(rows[2].step_seconds.size() == 2);
  CHECK(rows[2].step_seconds[0] < 1000);
  TrialSpec wider = timed("lru");
  wider.settings.d_model = 16;
  for (const ThroughputRow& row : measure({wider}, plan, rows)) CHECK(row.kernel != "kept");
}

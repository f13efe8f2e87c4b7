#include "harness/throughput/profile.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/builtins.h"
#include "harness/tables/export.h"
#include "harness/tables/results.h"
#include "harness/throughput/profile_csv.h"
#include "harness/throughput/profile_table.h"
#include "harness/throughput/workload.h"
#include "harness/train/lanes.h"
#include "longhaul/error.h"
#include "math/optimizer.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/threads.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

const Registry& builtins() {
  static const Registry registry = [] {
    Registry all;
    register_builtins(all);
    return all;
  }();
  return registry;
}

TrialSpec profiled_spec(const std::string& model) {
  TrialSpec spec;
  spec.model_name = spec.model = model;
  spec.settings.d_model = 64;
  spec.settings.layers = 1;
  return spec;
}

ThroughputPlan short_plan() {
  ThroughputPlan plan;
  plan.lengths = {32};
  plan.tokens = 1024;  // 8 lanes of enough rows for the gated MLP as one operator
  plan.repetitions = 1;
  plan.turn_seconds = 0;
  return plan;
}

std::vector<ProfileRow> profile_of(const std::vector<TrialSpec>& models, int threads = 1,
                                   const ThroughputPlan& plan = short_plan()) {
  const Threads scope(threads);
  return profile_operators(models, builtins(), plan, threads, [](const auto&, const auto&) {});
}

std::set<std::string> names_of_kinds(const ProfileRow& row) {
  std::set<std::string> names;
  for (const ProfiledKind& kind : row.kinds) names.insert(kind.name);
  return names;
}

void check_sums(const ProfileRow& row) {
  double share = 0, flops = 0;
  for (const ProfiledKind& kind : row.kinds) {
    INFO(kind.name);
    CHECK(kind.seconds() >= 0);
    share += row.share(kind.seconds());
    flops += static_cast<double>(whole(kind.costs).flops);
  }
  CHECK(share == Approx(1).epsilon(1e-9));
  CHECK(flops / static_cast<double>(row.tokens()) == Approx(row.flops_per_token).epsilon(1e-12));
}

}  // namespace

TEST_CASE("a profile has every operator of a model, and its shares sum to 1", "[profile]") {
  for (const int threads : {1, 2}) {
    const auto rows = profile_of({profiled_spec("transformer"), profiled_spec("lru")}, threads);
    REQUIRE(rows.size() == 4);
    for (const ProfileRow& row : rows) {
      INFO(row.model << " " << to_string(row.phase) << " " << threads << ": " << row.message);
      REQUIRE(row.ok());
      check_sums(row);
    }
    CHECK(names_of_kinds(rows[0]) == std::set<std::string>{"attention", "between", "elementwise",
                                                           "embedding", "gated MLP", "gradients",
                                                           "norm", "optimizer", "pooling, loss",
                                                           "product", "rotary positions"});
    CHECK(names_of_kinds(rows[1]) == std::set<std::string>{"attention", "between", "elementwise",
                                                           "embedding", "norm", "pooling, loss",
                                                           "product", "rotary positions"});
    CHECK(names_of_kinds(rows[2]).count("complex scan") == 1);
  }
}

TEST_CASE("a profile of every model that ships sums to its whole", "[profile][long]") {
  for (const auto& [model, info] : builtins().models()) {
    TrialSpec spec = profiled_spec(model);
    spec.settings.causal = info.direction != Direction::bidirectional;
    for (const ProfileRow& row : profile_of({spec})) {
      INFO(model << " " << to_string(row.phase) << ": " << row.message);
      REQUIRE(row.ok());
      check_sums(row);
      for (const std::string& name : names_of_kinds(row)) {
        INFO(name);
        CHECK(std::all_of(name.begin(), name.end(),
                          [](unsigned char c) { return std::isalnum(c) || c == ' ' || c == ','; }));
      }
      CHECK(names_of_kinds(row).count("recomputed blocks") == 0);
    }
  }
}

TEST_CASE("blocks that are computed again have their operators in the profile", "[profile]") {
  TrialSpec spec = profiled_spec("transformer");
  spec.settings.checkpoint_blocks = true;
  const ProfileRow row = profile_of({spec})[0];
  REQUIRE(row.ok());
  check_sums(row);
  for (const ProfiledKind& kind : row.kinds)
    if (kind.name == "attention") CHECK(kind.costs.backward.calls == spec.settings.lanes);
}

TEST_CASE("a profile changes no bit of a step", "[profile]") {
  const TrialSpec spec = profiled_spec("transformer");
  Options options;
  const Model model(builtins().model("transformer"), options, spec.settings, timed_task(32), 1);
  std::vector<Example> examples(4);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples[i].tokens.assign(32, static_cast<int32_t>(i + 1));
    examples[i].targets = {static_cast<int32_t>(i)};
  }
  const auto batches = split(examples, 2, Readout::sequence);
  const auto offsets = gradient_layout(model.parameters());
  Lanes lanes(model, 2, offsets);
  const auto gradient = [&](bool profiled) {
    lanes.profile_operators(profiled);
    lanes.run(batches, 1);
    CHECK(lanes.measured().profile.has_value() == profiled);
    return std::vector<float>(lanes.gradient(), lanes.gradient() + offsets.back());
  };
  CHECK(gradient(false) == gradient(true));
}

TEST_CASE("a profile takes each length once, and not decoding", "[profile]") {
  ThroughputPlan plan = short_plan();
  plan.lengths = {2048, 32, 16};
  const auto rows = profile_of({profiled_spec("lru")}, 1, plan);
  REQUIRE(rows.size() == 6);
  CHECK((rows[0].length == 16 && rows[0].batch == 64));
  CHECK((rows[1].length == 32 && rows[1].batch == 32));
  CHECK((rows[2].length == 2048 && rows[2].batch == 1));
  plan.phases = {Phase::decode};
  CHECK_THROWS_WITH(profile_of({profiled_spec("lru")}, 1, plan),
                    Contains("needs train or prefill among them"));
}

TEST_CASE("what cannot be profiled is a row with its reason", "[profile]") {
  ThroughputPlan plan = short_plan();
  plan.tokens = int64_t{1} << 50;
  const auto rows = profile_of({profiled_spec("lru")}, 1, plan);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].status == Status::out_of_memory);
  CHECK_THAT(profile_tables(rows).back().legend.back(), Contains("not tried"));
  CHECK_THAT(profile_csv(rows), Contains("out_of_memory"));
}

TEST_CASE("profile.json gives back the rows that were stored, and export writes them",
          "[profile]") {
  const TemporaryFolder folder;
  CHECK(read_profile(folder.path).empty());
  CHECK(profile_csv({}).empty());
  const auto rows = profile_of({profiled_spec("transformer")});
  write_profile(folder.path, rows);
  CHECK(profile_csv(read_profile(folder.path)) == profile_csv(rows));
  CHECK(csv_file("profile").text(load_results(folder.path)) == profile_csv(rows));
  CHECK(profile_csv(rows).substr(0, profile_csv(rows).find('\n')) ==
        "model,phase,length,batch,operator,share,share_forward,share_backward,calls,"
        "flops_per_token,bytes_per_token,gflops,fraction_of_peak,gigabytes_per_second,"
        "fraction_of_memory,step_milliseconds,peak_gflops,memory_gigabytes_per_second,isa,threads,"
        "precision,status,reason,host,cpu,version,build");
  const Table table = profile_tables(rows).front();
  CHECK_THAT(table.title, Contains("transformer, train, length 32, batch 32, 1 thread: "));
  CHECK(table.models.size() == rows[0].kinds.size());
  CHECK(table.models.back().front().value == "between");
}

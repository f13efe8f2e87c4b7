#include <nlohmann/json.hpp>

#include "harness/claims/claim.h"
#include "harness/results/points.h"
#include "harness/suite/config.h"
#include "harness/suite/suite.h"
#include "harness/suite/yaml.h"
#include "harness/tables/results.h"
#include "longhaul/error.h"
#include "math/checkpoint.h"
#include "tests/fuzz/fuzz.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/sample_data.h"

namespace longhaul::fuzz {
namespace {

namespace fs = std::filesystem;

const char* const kSuite = R"(suite: fuzzed
seeds: [0, 1]
budget: {steps: 3, seconds: 2.5}
retry: {tries: 2, delay: 1s}
defaults: {d_model: 8, layers: 1}
models:
  - copy
  - {name: copy-4, model: copy, heads: 4, gate: silu}
tasks:
  - coin
  - {name: echo-8, task: echo, length: 8, weight: 1e-1, budget: {steps: 1}}
)";

const char* const kClaim = R"(claim: fuzzed
says: It is so.
source: nobody
published: nothing
suite: {seeds: [0, 1], budget: {steps: 3}, models: [copy], tasks: [coin]}
numbers:
  a: {model: copy, eval_length: 32, take: last}
  b: {file: curves, column: value, take: mean}
  c: {difference: [a, b]}
confirmed: [{number: c, seeds: every, at_least: 0.5, below: 1}]
refuted: [{any_of: [{number: a, above: 0}, {number: b, at_most: 1e3}]}]
)";

// A target that writes its input to a file and reads that.
Target path_target(const std::string& name, std::vector<std::string> seeds,
                   const std::function<void(const fs::path&)>& read) {
  const auto folder = std::make_shared<TemporaryFolder>();
  return {name, std::move(seeds), [folder, read, name](const std::string& input) {
            const fs::path file = folder->path / name;
            sample::write_file(file, input);
            read(file);
          }};
}

std::string npy(const std::string& type, const std::string& shape, std::size_t bytes) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header +
         std::string(bytes, '\x01');
}

std::string checkpoint() {
  const TemporaryFolder folder;
  save_checkpoint(folder.path / "seed", {{{"block.0.mixer.q.weight", Tensor(Shape{2, 3})},
                                          {"head.bias", Tensor(Shape{4})}},
                                         {{"spec", "{\"seed\": 0}"}}});
  return read_text(folder.path / "seed");
}

std::string record() { return to_json(*made_up_trial("copy", "coin", 0, 0.5).record).dump(1); }

// Finished trials are read from their folder; read_record() reports by its second argument.
void read_trial(const fs::path& folder) {
  std::string problem;
  read_record(folder, &problem);
  require(problem.empty(), problem);
}

}  // namespace

std::vector<Target> parser_targets() {
  const auto trial = std::make_shared<TemporaryFolder>();
  return {
      path_target("suite", {kSuite, "suite: s\nmodels: [copy]\ntasks: &t [coin]\nseeds: *t\n"},
                  [](const fs::path& file) {
                    Registry registry = fake_registry();
                    load_suite(file, registry);
                  }),
      path_target("claim", {kClaim},
                  [](const fs::path& file) {
                    Registry registry = fake_registry();
                    load_claim(file, registry);
                  }),
      {"override",
       {"budget.steps=100", "tasks.coin.sides=3", "defaults={d_model: 16, layers: 2}"},
       [](const std::string& input) {
         ConfigNode root = parse_config(kSuite, {"fuzz", 1});
         Problems problems;
         apply_override(root, input, problems);
         problems.check();
       }},
      path_target("npy", {npy("<i4", "(2, 3)", 24), npy("<i8", "(2,)", 16), npy("<i4", "()", 4)},
                  [](const fs::path& file) { load_npy(file); }),
      path_target("checkpoint", {checkpoint()},
                  [](const fs::path& file) { load_checkpoint(file); }),
      {"record.json",
       {record()},
       [trial](const std::string& input) {
         sample::write_file(trial->path / "record.json", input);
         read_trial(trial->path);
       }},
      {"curve.csv",
       {to_csv({{10, "train", "loss", 1.25}, {20, "validation", "accuracy", 0.5}})},
       [trial](const std::string& input) {
         sample::write_file(trial->path / "curve.csv", input);
         read_curve(trial->path);
       }},
      {"spec.json",
       {to_json(made_up_trial("copy", "coin", 0, 0.5).spec).dump(1)},
       [](const std::string& input) {
         try {
           trial_from_json(nlohmann::json::parse(input)).id();
         } catch (const nlohmann::json::exception& error) {
           throw Error(error.what());  // as the worker's reader does
         }
       }},
  };
}

}  // namespace longhaul::fuzz

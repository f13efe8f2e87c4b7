#include "harness/results/merge.h"

#include <nlohmann/json.hpp>

#include "harness/results/store.h"
#include "longhaul/error.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// A results folder of one model on one task; seeds without a score wait.
void leave_results(const fs::path& dir, const std::vector<std::pair<uint64_t, double>>& seeds,
                   int64_t d_model = 64) {
  std::vector<TrialSpec> specs;
  for (const auto& [seed, score] : seeds) {
    Trial trial = made_up_trial("lru", "mqar", seed, score);
    trial.spec.settings.d_model = d_model;
    specs.push_back(trial.spec);
    const fs::path folder = dir / "trials" / trial.spec.id();
    fs::create_directories(folder);
    write_atomically(folder / "spec.json", to_json(trial.spec).dump());
    write_atomically(folder / "curve.csv", "step,split,metric,value\n");
    if (score > 0) write_record(folder, *trial.record);
  }
  write_order(dir, specs);
  write_atomically(dir / "suite.yaml", "suite: made up\n");
}

}  // namespace

TEST_CASE("a merged folder has the trials of both, finished ones before waiting ones", "[merge]") {
  const TemporaryFolder folder;
  const fs::path a = folder.path / "a", b = folder.path / "b", c = folder.path / "c";
  leave_results(a, {{0, 0.5}, {1, 0}, {2, 0}});
  leave_results(b, {{0, 0.4}, {1, 0.6}, {3, 0.7}});
  const Merged merged = merge_trials(a, b, c);
  CHECK(merged.from_first == 1);
  CHECK(merged.from_second == 2);
  CHECK(merged.in_both == 1);
  CHECK(merged.waiting == 1);

  const StoredTrials stored = load_trials(c);
  REQUIRE(stored.trials.size() == 4);
  CHECK(stored.problems.empty());
  CHECK(stored.trials[0].record->evaluations[0].test == 0.5);  // the first folder's
  CHECK(stored.trials[1].record->evaluations[0].test == 0.6);
  CHECK_FALSE(stored.trials[2].record);
  CHECK_FALSE(fs::exists(stored.trials[2].dir / "curve.csv"));
  CHECK(stored.trials[3].spec.seed == 3);
  CHECK(fs::exists(c / "suite.yaml"));
}

TEST_CASE("folders that hold one seed with other settings are not merged", "[merge]") {
  const TemporaryFolder folder;
  const fs::path a = folder.path / "a", b = folder.path / "b", c = folder.path / "c";
  leave_results(a, {{0, 0.5}});
  leave_results(b, {{0, 0.5}}, 128);
  CHECK_THROWS_WITH(merge_trials(a, b, c),
                    Contains("lru on mqar, seed 0: the folders hold two trials"));
  CHECK_FALSE(fs::exists(c));
  leave_results(c, {{0, 0.5}});
  CHECK_THROWS_WITH(merge_trials(a, a, c), Contains("is there already"));
}

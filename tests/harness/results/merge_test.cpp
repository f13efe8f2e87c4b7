#include "harness/results/merge.h"

#include "harness/results/external.h"
#include "harness/results/store.h"
#include "longhaul/error.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/stored_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

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

TEST_CASE("external scores of both folders are in the merged one", "[merge]") {
  const TemporaryFolder folder;
  const fs::path a = folder.path / "a", b = folder.path / "b", c = folder.path / "c";
  leave_results(a, {{0, 0.5}});
  leave_results(b, {{1, 0.6}});
  add_external(a, {"gru", "mqar", 0, 0, 0.7});
  add_external(b, {"gru", "mqar", 0, 0, 0.8});  // the same model, task and seed
  add_external(b, {"gru", "mqar", 1, 0, 0.9});
  merge_trials(a, b, c);
  const StoredTrials stored = load_trials(c);
  REQUIRE(stored.trials.size() == 4);
  CHECK(stored.trials[2].record->evaluations[0].test == 0.7);
  CHECK(stored.trials[3].record->evaluations[0].test == 0.9);
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

#include "harness/tables/pareto.h"

#include "harness/results/points.h"
#include "harness/tables/pairs_csv.h"
#include "harness/tables/sample_efficiency.h"
#include "support/csv.h"
#include "support/file.h"
#include "support/number_text.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

Trial with_state(const std::string& model, double test, int64_t state_bytes) {
  Trial trial = made_up_trial(model, "mqar", 0, test);
  trial.record->state_bytes = state_bytes;
  return trial;
}

}  // namespace

TEST_CASE("a model is on the Pareto front unless another is as good in both, better in one",
          "[pareto]") {
  Results results;
  results.trials = {with_state("best", 0.9, 1000), with_state("small", 0.5, 10),
                    with_state("beaten", 0.5, 20), with_state("equal", 0.9, 1000),
                    with_state("between", 0.7, 500)};
  const std::vector<ResultCell> cells = summarize(results);
  std::vector<std::string> front;
  for (const ParetoPoint& point : pareto_points(results, cells))
    if (point.cost->name == "state_bytes" && point.is_on_front)
      front.push_back(point.cell->row.label);
  CHECK(front == std::vector<std::string>{"best", "small", "equal", "between"});
  CHECK_THAT(pareto_lines(results, cells)[1],
             Contains("Pareto front of accuracy and state: best, small, equal, between"));
}

TEST_CASE("a model that lacks a task or a cost is on no front", "[pareto]") {
  Results results;
  results.trials = {with_state("whole", 0.5, 10), with_state("no_state", 0.9, 0),
                    with_state("other", 0.6, 20), with_state("one_task", 0.9, 5)};
  for (std::size_t i = 0; i < 3; ++i) {
    results.trials.push_back(results.trials[i]);
    results.trials.back().spec.task_name = "listops";
  }
  const std::vector<std::string> lines = pareto_lines(results, summarize(results));
  CHECK(lines[1] == "Pareto front of accuracy and state: whole, other");
}

TEST_CASE("pairs.csv compares each two models over their common seeds", "[pairs]") {
  Results results;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    results.trials.push_back(made_up_trial("a", "mqar", seed, 0.5 + 0.1 * seed));
    results.trials.push_back(made_up_trial("b", "mqar", seed, 0.4 + 0.11 * seed));
    results.trials.push_back(made_up_trial("c", "mqar", seed, 0.1 * seed));
  }
  const CsvTable table = read_csv(pairs_csv(results));
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0][2] == "a");
  CHECK(table.rows[0][3] == "b");
  CHECK(table.rows[0][4] == "3");
  double difference = 0, p = 0, p_holm = 0;
  REQUIRE(read_number(table.rows[0][5], difference));
  REQUIRE(read_number(table.rows[0][8], p));
  REQUIRE(read_number(table.rows[0][9], p_holm));
  CHECK(difference == Approx(0.09));  // 0.10, 0.09, 0.08
  CHECK(p == Approx(0.0041).epsilon(0.02));
  CHECK(p_holm >= p);
}

TEST_CASE("training examples to a score are those of the first validation that reached it",
          "[sample_efficiency]") {
  const TemporaryFolder folder;
  Trial trial = made_up_trial("lru", "mqar", 0, 0.95);
  trial.dir = folder.path;
  trial.spec.settings.batch = 32;
  write_atomically(folder.path / "curve.csv", to_csv({{10, "train", "accuracy", 0.99},
                                                      {10, "validation", "accuracy", 0.4},
                                                      {20, "validation", "accuracy", 0.5},
                                                      {30, "validation", "accuracy", 0.93}}));
  CHECK(examples_to(trial, 0.5) == 640);
  CHECK(examples_to(trial, 0.9) == 960);
  CHECK_FALSE(examples_to(trial, 0.95));

  Trial never = trial;
  never.dir = folder.path / "none";
  CHECK(median_examples_to({&trial, &trial, &never}, 0.5) == 640);
  CHECK_FALSE(median_examples_to({&trial, &never}, 0.5));  // half of them never did
  diverge(never);
  CHECK(median_examples_to({&trial, &never}, 0.5) == 640);
}

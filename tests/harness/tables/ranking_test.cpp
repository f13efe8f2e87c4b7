
#include "harness/tables/ranking.h"
#include "harness/tables/summary.h"
#include "support/statistics.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// a is best on x and y, b and c share the rest; d never finished anything.
Results four_models() {
  Results results;
  const auto add = [&](const char* model, const char* task, const std::vector<double>& scores) {
    for (std::size_t seed = 0; seed < scores.size(); ++seed)
      results.trials.push_back(made_up_trial(model, task, seed, scores[seed]));
  };
  add("a", "x", {0.9, 0.8});
  add("a", "y", {0.7, 0.9});
  add("b", "x", {0.5, 0.8});
  add("b", "y", {0.6, 0.6});
  add("c", "x", {0.6, 0.4});
  add("c", "y", {0.6, 0.6});
  add("d", "x", {0, 0});
  for (std::size_t i = results.trials.size() - 2; i < results.trials.size(); ++i)
    diverge(results.trials[i]);
  return results;
}

}  // namespace

TEST_CASE("ranks begin at the highest score, and equal scores share theirs", "[ranking]") {
  CHECK(ranks({0.3, 0.9, 0.5}) == std::vector<double>{3, 1, 2});
  CHECK(ranks({0.5, 0.9, 0.5, 0.1}) == std::vector<double>{2.5, 1, 2.5, 4});
  CHECK(ranks({}).empty());
}

TEST_CASE("Nemenyi's critical values are those of Demsar's table 5(a)", "[ranking]") {
  const std::vector<double> table = {1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164};
  for (std::size_t i = 0; i < table.size(); ++i)
    CHECK(nemenyi_critical_value(static_cast<int64_t>(i) + 2) == Approx(table[i]).margin(1.1e-3));
}

TEST_CASE("Friedman's test gives what Demsar works out for 4 models on 14 tasks", "[ranking]") {
  const std::vector<double> means = {44.0 / 14, 28.0 / 14, 40.5 / 14, 27.5 / 14};
  CHECK(friedman_p(means, 14) == Approx(0.0198230062).epsilon(1e-6));
  CHECK(nemenyi_difference(4, 14) == Approx(1.25).margin(5e-3));
  CHECK(friedman_p({2, 2, 2}, 5) == Approx(1));
  CHECK(friedman_p({1, 2, 3}, 5) == 0);  // no two tasks disagree
}

TEST_CASE("a ranking compares the rows that have scores on every task", "[ranking]") {
  const Ranking ranking = rank_rows(four_models());
  CHECK(ranking.is_of_use());
  CHECK(ranking.rows == std::vector<std::string>{"a", "b", "c"});
  CHECK(ranking.tasks == std::vector<std::string>{"x", "y"});
  CHECK(ranking.mean_ranks == std::vector<double>{1, 2.25, 2.75});
  CHECK(ranking.wins[0][1] == 0.875);  // three wins and a tie of four
  CHECK(ranking.wins[1][0] == 0.125);
  CHECK(ranking.wins[1][2] == 0.5);
  const std::string text = to_text(ranking_table(ranking));
  CHECK_THAT(text, Contains("1 a    1.00       -      88     100"));
  CHECK_THAT(text, Contains("no difference shown from a: b, c"));
}

TEST_CASE("a task that is tested at several lengths counts once", "[ranking]") {
  Results results = four_models();
  for (Trial& trial : results.trials)
    if (trial.ok() && trial.spec.task_name == "x") {
      const double test = trial.record->evaluations[0].test;
      trial.record->evaluations = {{16, test - 0.1, 0}, {64, test + 0.1, 0}};
    }
  const Ranking ranking = rank_rows(results);
  CHECK(ranking.tasks.size() == 2);
  CHECK(ranking.mean_ranks == std::vector<double>{1, 2.25, 2.75});
  CHECK(ranking.wins[0][1] == Approx(0.875));
}

TEST_CASE("two models, or one task, are not ranked", "[ranking]") {
  Results results = four_models();
  std::erase_if(results.trials, [](const Trial& trial) { return trial.spec.task_name == "y"; });
  CHECK(ranks_csv(results).empty());
  CHECK(wins_csv(results).empty());
  CHECK_FALSE(rank_rows({}).is_of_use());
}

TEST_CASE("ranks.csv and wins.csv have a row for each model and each pair", "[ranking]") {
  CHECK_THAT(ranks_csv(four_models()),
             Contains("model,mean_rank,models,tasks,friedman_p,critical_difference\na,1,3,2,"));
  CHECK_THAT(wins_csv(four_models()),
             Contains("model,opponent,wins\na,b,0.875\na,c,1\nb,a,0.125\nb,c,0.5\n"));
}

TEST_CASE("the bootstrap's interval is the same again and lies within the values", "[ranking]") {
  CHECK_FALSE(bootstrap_interval({0.5}));
  const std::vector<double> values = {0.61, 0.64, 0.646, 0.7, 0.55};
  const Interval first = *bootstrap_interval(values), again = *bootstrap_interval(values);
  CHECK(first.low == again.low);
  CHECK(first.high == again.high);
  const Statistics t = describe(values);
  CHECK(first.low > t.mean - *t.half_width);
  CHECK(first.high < t.mean + *t.half_width);
  // Close to mean -+ 1.96 standard errors of the plain (n) deviation.
  const double error = *t.std_dev * std::sqrt(4.0 / 5) / std::sqrt(5.0);
  CHECK(first.low == Approx(t.mean - 1.96 * error).margin(0.2 * error));
  CHECK(first.high == Approx(t.mean + 1.96 * error).margin(0.2 * error));
  CHECK(bootstrap_interval({0.3, 0.3, 0.3})->high == Approx(0.3));
}

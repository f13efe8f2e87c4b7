#include "harness/tables/compare.h"

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

Results scores(const std::vector<double>& of_seeds) {
  Results results;
  for (std::size_t seed = 0; seed < of_seeds.size(); ++seed)
    results.trials.push_back(made_up_trial("lru", "mqar", seed, of_seeds[seed]));
  return results;
}

}  // namespace

TEST_CASE("a comparison pairs the seeds that both have", "[compare]") {
  const Comparison comparison =
      compare_results(scores({0.5, 0.6, 0.7}), scores({0.53, 0.62, 0.71, 0.1}), "accuracy", 1);
  REQUIRE(comparison.cells.size() == 1);
  const Paired& paired = comparison.cells[0].paired;
  CHECK(paired.n == 3);
  CHECK(paired.difference == Approx(0.02));
  // Differences 0.03, 0.02, 0.01: deviation 0.01, t quantile 4.302653 of 2 degrees of freedom.
  CHECK(*paired.half_width == Approx(4.302653 * 0.01 / std::sqrt(3)));
  CHECK(*paired.p == Approx(0.0742).epsilon(0.01));  // t = 3.464
  CHECK(comparison.worse() == 0);
}

TEST_CASE("a cell is worse if its mean fell by more than the threshold", "[compare]") {
  const Results before = scores({0.5, 0.5}), after = scores({0.49, 0.47});
  CHECK(compare_results(before, after, "accuracy", 1).worse() == 1);
  CHECK(compare_results(before, after, "accuracy", 2.5).worse() == 0);
  CHECK(compare_results(after, before, "accuracy", 1).worse() == 0);
}

TEST_CASE("of costs less is better, and the threshold is in percent of the first", "[compare]") {
  const Results before = scores({0.5});
  Results after = scores({0.5});
  after.trials[0].record->peak_resident_bytes += 9'000'000;  // a tenth more
  CHECK(compare_results(before, after, "peak_resident_bytes", 5).worse() == 1);
  CHECK(compare_results(before, after, "peak_resident_bytes", 15).worse() == 0);
  CHECK(compare_results(after, before, "peak_resident_bytes", 5).worse() == 0);
  after.trials[0].record->steps = 1;
  CHECK(compare_results(before, after, "steps", 0).worse() == 0);  // neither is better
}

TEST_CASE("a seed that went well and fails now is worse, one that waits is not", "[compare]") {
  const Results before = scores({0.5, 0.5});
  Results after = scores({0.5, 0.5});
  diverge(after.trials[1]);
  const Comparison failed = compare_results(before, after, "accuracy", 1);
  CHECK(failed.cells[0].remark == "1 of 2 diverged in B");
  CHECK(failed.worse() == 1);
  after.trials[1].record.reset();
  const Comparison waiting = compare_results(before, after, "accuracy", 1);
  CHECK(waiting.cells[0].remark == "1 of 2 waiting in B");
  CHECK(waiting.worse() == 0);
}

TEST_CASE("a comparison says which builds, processors, data and settings differ", "[compare]") {
  Results before = scores({0.5}), after = scores({0.5});
  CHECK(compare_results(before, after, "accuracy", 1).differences.empty());
  before.trials[0].record->build = "aaa";
  after.trials[0].record->build = "bbb";
  after.trials[0].record->cpu = "other";
  const Comparison machines = compare_results(before, after, "accuracy", 1);
  CHECK(machines.differences ==
        std::vector<std::string>{"builds differ: aaa in A, bbb in B",
                                 "processors differ: cpu in A, other in B"});

  after = before;
  after.trials[0].id = "another";
  for (Results* results : {&before, &after})
    results->trials[0].spec.task_options = {{"pairs", int64_t{4}}};
  after.trials[0].spec.settings.d_model = 128;
  after.trials[0].spec.task_data = {{"data", std::string("hash")}};
  CHECK(compare_results(before, after, "accuracy", 1).differences ==
        std::vector<std::string>{"data differ: the files of task mqar (1 trial)",
                                 "settings differ: settings.d_model: 64, then 128 (1 trial)",
                                 "settings differ: task_data: nothing, then {\"data\":\"hash\"} "
                                 "(1 trial)"});
}

TEST_CASE("the table of a comparison shows the interval of a loss and of a gain", "[compare]") {
  const Comparison loss = compare_results(scores({0.5, 0.6}), scores({0.4, 0.52}), "accuracy", 1);
  const std::string text = to_text(comparison_table(loss));
  CHECK_THAT(text, Contains("-9.0 ±12.7"));  // 0.10 and 0.08: deviation 0.01414, 12.706 x 0.01
  CHECK_THAT(text, Contains("worse"));
  const Comparison gain = compare_results(scores({0.4, 0.52}), scores({0.5, 0.6}), "accuracy", 1);
  CHECK_THAT(to_text(comparison_table(gain)), Contains("+9.0 ±12.7"));
}

TEST_CASE("cells that one folder alone has are named", "[compare]") {
  Results before = scores({0.5}), after = scores({0.5});
  after.trials.push_back(made_up_trial("rnn", "mqar", 0, 0.5));
  const Comparison comparison = compare_results(before, after, "accuracy", 1);
  CHECK(comparison.cells.size() == 1);
  CHECK(comparison.only == std::vector<std::string>{"in B alone: rnn on mqar"});
}

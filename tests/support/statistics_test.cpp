
#include "support/statistics.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("Student's t has the quantiles and tails that the tables give", "[statistics]") {
  CHECK(student_t_quantile(0.975, 1) == Approx(12.706204736174694).epsilon(1e-9));
  CHECK(student_t_quantile(0.975, 2) == Approx(4.302652729749462).epsilon(1e-12));
  CHECK(student_t_quantile(0.975, 4) == Approx(2.7764451051977934).epsilon(1e-12));
  CHECK(student_t_quantile(0.975, 30) == Approx(2.0422724563012378).epsilon(1e-12));
  CHECK(student_t_quantile(0.975, 1000) == Approx(1.9623390808264083).epsilon(1e-11));
  CHECK(student_t_quantile(0.9, 3) == Approx(1.637744353696209).epsilon(1e-12));
  CHECK(student_t_quantile(0.1, 3) == Approx(-1.637744353696209).epsilon(1e-12));
  CHECK(student_t_cdf(0, 3) == 0.5);
  CHECK(student_t_cdf(1, 1) == Approx(0.75).epsilon(1e-13));
  CHECK(student_t_cdf(2.5, 4) == Approx(0.966616727594006).epsilon(1e-13));
  CHECK(student_t_cdf(-3, 7) == Approx(0.009971063065996268).epsilon(1e-12));
  CHECK(student_t_cdf(0.3, 50) == Approx(0.6172895598723483).epsilon(1e-13));
}

TEST_CASE("three values have the mean, deviation and interval worked out by hand", "[statistics]") {
  const Statistics s = describe({0.61, 0.64, 0.646});
  CHECK(s.n == 3);
  CHECK(s.mean == Approx(0.632));
  CHECK(s.min == 0.61);
  CHECK(s.max == 0.646);
  CHECK(s.std_dev.value() == Approx(0.019287301521985926));
  CHECK(s.half_width.value() == Approx(0.6799123130686647 - 0.632));
}

TEST_CASE("one value has neither deviation nor interval, and none has nothing", "[statistics]") {
  const Statistics one = describe({0.7});
  CHECK(one.mean == 0.7);
  CHECK_FALSE(one.std_dev.has_value());
  CHECK_FALSE(one.half_width.has_value());
  CHECK(describe({}).n == 0);
}

TEST_CASE("equal values have no spread at all, whatever the rounding of their sum",
          "[statistics]") {
  const Statistics s = describe({0.1, 0.1, 0.1});
  CHECK(s.mean == 0.1);
  CHECK(s.std_dev.value() == 0);
  CHECK(s.half_width.value() == 0);
}

TEST_CASE("the median is the middle value, or the mean of the two", "[statistics]") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 3}) == 2.5);
  CHECK(median({7}) == 7);
}

TEST_CASE("the paired t-test has the known p values", "[statistics]") {
  CHECK(paired_t_test({.61, .64, .646, .7}, {.5, .66, .55, .61}).value() ==
        Approx(0.10470125553667964));
  CHECK(paired_t_test({.61, .64}, {.5, .66}).value() == Approx(0.6144982940974005));
  CHECK(paired_t_test({.5, .6}, {.5, .6}).value() == 1);
  CHECK_FALSE(paired_t_test({.5}, {.6}).has_value());
}

TEST_CASE("Holm's correction multiplies the smallest p by their number and never falls",
          "[statistics]") {
  const std::vector<double> corrected = holm({0.04, 0.01, 0.03, 0.9});
  CHECK(corrected[0] == Approx(0.09));  // 0.04 * 2 = 0.08, but the one before is 0.09
  CHECK(corrected[1] == Approx(0.04));
  CHECK(corrected[2] == Approx(0.09));
  CHECK(corrected[3] == Approx(0.9));
  CHECK(holm({0.7, 0.8})[1] == 1);
  CHECK(holm({}).empty());
}

TEST_CASE("a score is above its baseline only by more than the 95% interval", "[statistics]") {
  const Statistics three = describe({0.61, 0.64, 0.646});  // 0.632, lower end 0.5841
  CHECK(is_at_baseline(three, 0.59, 100000));
  CHECK_FALSE(is_at_baseline(three, 0.58, 100000));
}

TEST_CASE("luck with the test examples is no learning, however equal the seeds", "[statistics]") {
  // The binomial half-width at 0.5 is 0.0310 for 1000 examples and 0.0693 for 200.
  CHECK(is_at_baseline(describe({0.53, 0.53, 0.53}), 0.5, 1000));
  CHECK(is_at_baseline(describe({0.53}), 0.5, 1000));
  CHECK_FALSE(is_at_baseline(describe({0.56, 0.56, 0.56}), 0.5, 1000));
  CHECK_FALSE(is_at_baseline(describe({0.56}), 0.5, 1000));
  CHECK(is_at_baseline(describe({0.56}), 0.5, 200));
}


#include <cmath>

#include "harness/throughput/scaling.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_throughput.h"

using namespace longhaul;
using Catch::Matchers::Contains;

TEST_CASE("an exact power law has its exponent and no error", "[throughput]") {
  const auto exponent = fit_exponent({256, 512, 1024, 2048}, {3, 12, 48, 192});
  REQUIRE(exponent);
  CHECK(exponent->value == Approx(2));
  REQUIRE(exponent->error);
  CHECK(*exponent->error == Approx(0).margin(1e-9));
}

TEST_CASE("the standard error of an exponent is that of a straight line's slope", "[throughput]") {
  // log2 y = 0, 1, 3 over log2 L = 0, 1, 2: slope 3/2, residuals 1/6, -1/3, 1/6.
  const auto exponent = fit_exponent({1, 2, 4}, {1, 2, 8});
  REQUIRE(exponent);
  CHECK(exponent->value == Approx(1.5));
  REQUIRE(exponent->error);
  CHECK(*exponent->error == Approx(std::sqrt((1.0 / 36 + 1.0 / 9 + 1.0 / 36) / 1 / 2)));
}

TEST_CASE("two lengths give an exponent without error, one gives none", "[throughput]") {
  const auto two = fit_exponent({8, 16}, {1, 2});
  REQUIRE(two);
  CHECK(two->value == Approx(1));
  CHECK_FALSE(two->error);
  CHECK_FALSE(fit_exponent({8}, {1}));
  CHECK_FALSE(fit_exponent({8, 8}, {1, 2}));
  CHECK_FALSE(fit_exponent({8, 16}, {0, 1}));
}

TEST_CASE("an exponent is fitted over the upper half of the lengths", "[throughput]") {
  // Calls alone below 1024, then the square of the length.
  const std::vector<ThroughputRow> rows = made_up_rows(
      "model", Phase::train, [](double length) { return std::max(length * length, 1e6); });
  const Scaling scaling = scaling_of(rows.front(), rows);
  REQUIRE(scaling.time);
  CHECK(scaling.time->value == Approx(2));
  CHECK(scaling.memory->value == Approx(1));
}

TEST_CASE("rows that failed and other models' rows do not enter a fit", "[throughput]") {
  const auto linear = [](double length) { return length; };
  std::vector<ThroughputRow> rows = made_up_rows("model", Phase::train, linear);
  rows.back().status = Status::out_of_memory;
  rows.back().step_seconds.clear();
  for (const ThroughputRow& other : made_up_rows("other", Phase::train, [](double) { return 1.0; }))
    rows.push_back(other);
  CHECK(scaling_of(rows.front(), rows).time->value == Approx(1));
  CHECK_FALSE(scaling_of(rows[6], rows).time);
}

TEST_CASE("figures as they should be raise no note", "[throughput]") {
  std::vector<ThroughputRow> rows =
      made_up_rows("linear", Phase::train, [](double length) { return length; });
  for (ThroughputRow& row :
       made_up_rows("quadratic", Phase::train, [](double l) { return l * l; })) {
    row.flops_per_token = static_cast<double>(row.length);
    rows.push_back(row);
  }
  for (const ThroughputRow& row : made_up_rows("linear", Phase::decode, [](double) { return 1.0; }))
    rows.push_back(row);
  CHECK(sanity_notes(rows).empty());
}

TEST_CASE("a note names what grows otherwise than counted", "[throughput]") {
  const std::vector<ThroughputRow> rows =
      made_up_rows("slow", Phase::train, [](double length) { return std::pow(length, 1.3); });
  const std::vector<std::string> notes = sanity_notes(rows);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0] ==
        "slow, train at batch 1: time grows as length^1.30 ±0.00, counted operations as "
        "length^1.00");
}

TEST_CASE("a note names decoding that slows down though the state is of one size", "[throughput]") {
  std::vector<ThroughputRow> rows =
      made_up_rows("leaky", Phase::decode, [](double length) { return std::sqrt(length); });
  REQUIRE(sanity_notes(rows).size() == 1);
  CHECK_THAT(sanity_notes(rows)[0], Contains("leaky, decode at batch 1: the state is of one size"));
  for (ThroughputRow& row : rows) row.state_bytes = 256 * row.length;
  CHECK(sanity_notes(rows).empty());
}

TEST_CASE("notes name a batch that does not double, idle threads and a noisy machine",
          "[throughput]") {
  ThroughputRow one = made_up_row("model", Phase::train, 16, 4, 64, 1.0);
  ThroughputRow two = made_up_row("model", Phase::train, 16, 8, 128, 1.5);
  CHECK_THAT(sanity_notes({one, two}).at(0), Contains("twice the batch takes 1.50 times as long"));
  two.step_seconds = {2, 2, 2, 2, 2};
  CHECK(sanity_notes({one, two}).empty());
  one.threads = two.threads = 6;
  CHECK_THAT(sanity_notes({one, two}).at(0),
             Contains("64 tokens a step leave 2 of 6 threads without a sequence at length 16"));
  two.threads = one.threads = 1;
  two.step_seconds = {1.5, 1.6, 2, 2.4, 3};
  CHECK_THAT(sanity_notes({one, two}).at(0), Contains("1 of 2 rows spread by more than 15%"));
}

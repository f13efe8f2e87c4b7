#include "harness/plan/trial_cost.h"

#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

// Sums are exact in binary.
Calibration made_up() {
  Calibration found;
  found.status = Status::ok;
  found.step_seconds = 0.5;
  found.step_tokens = 100;
  found.step_flops = 1000;
  found.start_seconds = 1;
  found.validation_seconds = 2;
  found.test_seconds = 4;
  found.store_seconds = 8;
  return found;
}

TrialSpec with_budget(const Budget& budget) {
  TrialSpec spec;
  spec.budget = budget;
  spec.settings.evaluations = 4;
  return spec;
}

int64_t steps(const Budget& budget) { return cost_of(with_budget(budget), made_up()).steps; }

}  // namespace

TEST_CASE("trial cost: every part of a trial costs its time", "[plan]") {
  const TrialCost cost = cost_of(with_budget({.steps = 10}), made_up());
  CHECK(cost.train_seconds == 5);
  CHECK(cost.seconds == 1 + 5 + 4 * 2 + 4 + 8);
  CHECK(cost.tokens == 1000);
  CHECK(cost.flops == 10000);
}

TEST_CASE("trial cost: budgets in steps, seconds, tokens and operations end with a step",
          "[plan]") {
  CHECK(steps({.steps = 7}) == 7);
  CHECK(steps({.seconds = 1.5}) == 3);
  CHECK(steps({.seconds = 1.75}) == 4);
  CHECK(steps({.tokens = 250}) == 3);
  CHECK(steps({.flops = 4000}) == 4);
  CHECK(steps({.steps = 7, .tokens = 250}) == 3);
  CHECK(steps({.seconds = 0.001}) == 1);
}

TEST_CASE("trial cost: a trial of few steps has as many validation passes at most", "[plan]") {
  CHECK(cost_of(with_budget({.steps = 1}), made_up()).seconds == 1 + 0.5 + 2 + 4 + 8);
}

TEST_CASE("trial cost: candidates are not tested or stored, pretrainings not tested", "[plan]") {
  TrialSpec spec = with_budget({.steps = 10});
  spec.is_pretraining = true;
  CHECK(cost_of(spec, made_up()).seconds == 1 + 5 + 4 * 2 + 8);
  spec.is_pretraining = false;
  spec.tuning.is_candidate = true;
  CHECK(cost_of(spec, made_up()).seconds == 1 + 5 + 4 * 2);
}

TEST_CASE("trial cost: a model that does not work costs nothing", "[plan]") {
  Calibration failed = made_up();
  failed.status = Status::unsupported;
  CHECK(cost_of(with_budget({.steps = 10}), failed).seconds == 0);
}

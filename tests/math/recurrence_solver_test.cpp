// What the sweeping solvers of nonlinear_recurrence promise: how fast each converges, what is exact
// before it has, and what is said of it.
#include <cmath>
#include <limits>

#include "longhaul/ops.h"
#include "math/meter.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/recurrence_case.h"

using namespace longhaul;

namespace {

using Case = RecurrenceCase;

double largest(const Tensor& x) { return max_difference(x, Tensor(x.shape())); }

// Sweeps until no h is further than 1e-6 from the loop's, iterates clipped where DEER clips.
int sweeps_needed(const Case& c, Solver solver, double rho, int most) {
  const Tensor u = inputs(c), R = recurrent(c, rho);
  const Tensor exact = nonlinear_recurrence(u, R, with(c.cell, Solver::sequential));
  RecurrenceSpec spec = with(c.cell, solver);
  spec.clip = 1e8;
  int sweeps = 1;
  while (sweeps <= most && !(max_difference(after_sweeps(u, R, spec, sweeps), exact) <= 1e-6))
    ++sweeps;
  return sweeps;
}

// Gradients of sum(h * random) by u and R, one after the other.
Tensor gradients(const Tensor& u, const Tensor& R, const RecurrenceSpec& spec) {
  Tensor v = u.clone(), S = R.clone();
  v.set_needs_grad(true);
  S.set_needs_grad(true);
  Tape tape;
  const Tensor h = nonlinear_recurrence(v, S, spec);
  tape.backward(sum_all(mul(h, random_tensor(h.shape(), 7))));
  Tensor all({v.size() + S.size()});
  std::copy_n(v.grad(), v.size(), all.data());
  std::copy_n(S.grad(), S.size(), all.data() + v.size());
  return all;
}

}  // namespace

TEST_CASE("every solver gives the gradient that the loop gives", "[ops][recurrence]") {
  for (Cell cell : kAllCells)
    for (int64_t block : {1, 2, 16}) {
      const Case c{cell, 2, 100, 16, block};
      const Tensor u = inputs(c), R = recurrent(c, 0.6);
      const Tensor loop = gradients(u, R, with(cell, Solver::sequential));
      for (Solver solver : kSweepingSolvers) {
        INFO(c << " " << name_of(solver));
        const Tensor other = gradients(u, R, with(cell, solver));
        CHECK(max_difference(other, loop) < 1e-4 * (1 + largest(loop)));
      }
    }
}

TEST_CASE("newton converges quadratically: each sweep squares the error", "[ops][recurrence]") {
  for (Cell cell : kAllCells) {
    const Case c{cell, 1, 300, 16, 16};
    const Tensor u = inputs(c), R = recurrent(c, 0.6);
    const Tensor exact = nonlinear_recurrence(u, R, with(cell, Solver::sequential));
    const RecurrenceSpec spec = with(cell, Solver::newton);
    double error = max_difference(after_sweeps(u, R, spec, 1), exact);
    for (int sweeps = 2; sweeps <= 4; ++sweeps) {
      const double next = max_difference(after_sweeps(u, R, spec, sweeps), exact);
      INFO(name_of(cell) << " sweep " << sweeps << ": " << error << " -> " << next);
      CHECK(next < 4 * error * error + 1e-6);
      error = next;
    }
  }
}

TEST_CASE("newton needs 3, 4 and 5 sweeps at radius 0.3, 0.6 and 0.9, whatever the length",
          "[ops][recurrence]") {
  for (auto [rho, expected] : {std::pair{0.3, 3}, {0.6, 4}, {0.9, 5}})
    for (int64_t T : {64, 1024, 4096}) {
      INFO("rho " << rho << " T " << T);
      const Case c{Cell::tanh, 1, T, 16, 16};
      CHECK(std::abs(sweeps_needed(c, Solver::newton, rho, 20) - expected) <= 1);
    }
}

TEST_CASE("the closer M is to the Jacobian, the fewer sweeps are needed", "[ops][recurrence]") {
  for (double rho : {0.3, 0.6}) {
    const Case c{Cell::tanh, 1, 256, 16, 16};
    const int newton = sweeps_needed(c, Solver::newton, rho, 256);
    const int first_order = sweeps_needed(c, Solver::first_order, rho, 256);
    const int fixed_a = sweeps_needed(c, Solver::fixed_a, rho, 256);
    const int quasi_newton = sweeps_needed(c, Solver::quasi_newton, rho, 256);
    INFO("rho " << rho << ": " << newton << " " << first_order << " " << fixed_a << " "
                << quasi_newton);
    CHECK(newton < first_order);
    CHECK(first_order < fixed_a);
    CHECK(newton < quasi_newton);
  }
}

TEST_CASE("fixed_a needs more than half as many sweeps as steps above radius 1",
          "[ops][recurrence]") {
  const Case c{Cell::tanh, 1, 256, 16, 16};
  CHECK(sweeps_needed(c, Solver::fixed_a, 1.2, 128) > 128);
  CHECK(sweeps_needed(c, Solver::newton, 1.2, 128) < 20);
}

TEST_CASE("every solver but elk is exact on the first n steps after n sweeps",
          "[ops][recurrence]") {
  for (Cell cell : kAllCells)
    for (int64_t block : {1, 2, 8})
      for (Solver solver : kSweepingSolvers) {
        if (solver == Solver::elk) continue;
        const Case c{cell, 1, 40, 8, block};
        const Tensor u = inputs(c), R = recurrent(c, 2);
        const Tensor exact = nonlinear_recurrence(u, R, with(cell, Solver::sequential));
        for (int sweeps : {1, 2, 5, 11}) {
          INFO(c << " " << name_of(solver) << " sweeps " << sweeps);
          const Tensor h = after_sweeps(u, R, with(cell, solver), sweeps);
          CHECK(max_difference(slice(h, 1, 0, sweeps), slice(exact, 1, 0, sweeps)) < 1e-6);
        }
      }
}

TEST_CASE("elk without damping is quasi_newton, and converges the slower the more it damps",
          "[ops][recurrence]") {
  const Case c{Cell::tanh, 1, 200, 8, 8};
  const Tensor u = inputs(c), R = recurrent(c, 0.6);
  RecurrenceSpec elk = with(c.cell, Solver::elk);
  elk.damping = 0;
  for (int sweeps : {1, 3})
    CHECK(max_difference(after_sweeps(u, R, elk, sweeps),
                         after_sweeps(u, R, with(c.cell, Solver::quasi_newton), sweeps)) < 1e-6);
  SolverReport light, heavy;
  elk.damping = 1e-3;
  nonlinear_recurrence(u, R, elk, &light);
  elk.damping = 1;
  nonlinear_recurrence(u, R, elk, &heavy);
  CHECK(light.converged);
  CHECK(heavy.converged);
  CHECK(light.iterations < heavy.iterations);
}

TEST_CASE("elk keeps iterates small where an unstable linear recurrence makes them grow",
          "[ops][recurrence]") {
  const Case c{Cell::tanh, 1, 400, 16, 1};
  const Tensor u = inputs(c), R = recurrent(c, 3);
  RecurrenceSpec spec = with(c.cell, Solver::quasi_newton);
  spec.clip = 1e8;
  spec.sweeps = 3;
  SolverReport undamped, damped;
  nonlinear_recurrence(u, R, spec, &undamped);
  spec.solver = Solver::elk;
  nonlinear_recurrence(u, R, spec, &damped);
  INFO(undamped.largest << " " << damped.largest);
  CHECK(undamped.largest > 1e4);
  CHECK(damped.largest < 1e-2 * undamped.largest);
}

TEST_CASE("a gru with fixed_a is linearised where its gates are one half", "[ops][recurrence]") {
  // Far from the first step one sweep is h_t = f(0, u_t) + (I + R^n / 2) / 2 h_{t-1}.
  const Case c{Cell::gru, 1, 2, 3, 3};
  const Tensor u = inputs(c), R = recurrent(c, 0.7);
  const Tensor h = after_sweeps(u, R, with(c.cell, Solver::fixed_a), 1);
  const Tensor apart = after_sweeps(u, R, with(c.cell, Solver::jacobi), 1);  // f(0, u_t)
  for (int64_t i = 0; i < 3; ++i) {
    double expected = apart.data()[3 + i] + 0.5 * h.data()[i];
    for (int64_t j = 0; j < 3; ++j) expected += 0.25 * R.data()[18 + i * 3 + j] * h.data()[j];
    CHECK(h.data()[3 + i] == Approx(expected).margin(1e-6));
  }
}

TEST_CASE("a solver that does not converge says so", "[ops][recurrence]") {
  const Case c{Cell::tanh, 2, 256, 16, 16};
  Tensor u = inputs(c);
  u.set_needs_grad(true);
  RecurrenceSpec spec = with(c.cell, Solver::newton);
  spec.max_iterations = 3;
  spec.audit = true;
  SolverReport report;
  Measurement seen;
  {
    const Meter meter(seen);
    Tape tape;
    tape.backward(sum_all(nonlinear_recurrence(u, recurrent(c, 2), spec, &report)));
  }
  CHECK_FALSE(report.converged);
  CHECK(report.iterations == 3);
  CHECK(report.residual > 1e-3);
  CHECK(seen.notes.at("solver.unconverged").value() == 1);
  CHECK(seen.notes.at("solver.iterations").value() == 3);
  CHECK(seen.notes.at("solver.residual").value() == report.residual);
  CHECK(seen.notes.at("solver.error").value() > 1e-3);
  CHECK(seen.notes.at("solver.gradient_error").value() > 1e-3);
}

TEST_CASE("an audit finds a converged solver's output and gradient near the loop's",
          "[ops][recurrence]") {
  for (Cell cell : kAllCells) {
    const Case c{cell, 2, 100, 8, 8};
    Tensor u = inputs(c);
    u.set_needs_grad(true);
    RecurrenceSpec spec = with(cell, Solver::newton);
    spec.audit = true;
    Measurement seen;
    {
      const Meter meter(seen);
      Tape tape;
      tape.backward(sum_all(nonlinear_recurrence(u, recurrent(c, 0.6), spec)));
    }
    INFO(name_of(cell));
    CHECK(seen.notes.at("solver.error").value() < 1e-5);
    CHECK(seen.notes.at("solver.gradient_error").value() < 1e-4);
  }
}

TEST_CASE("the fraction of unconverged sequences counts them", "[ops][recurrence]") {
  const Case c{Cell::tanh, 4, 64, 1, 1};
  Tensor u({4, 64, 1});  // sequences 1 to 3 are zero and need no sweep
  std::copy_n(inputs(c).data(), 64, u.data());
  RecurrenceSpec spec = with(c.cell, Solver::jacobi);
  spec.max_iterations = 2;
  SolverReport report;
  nonlinear_recurrence(u, recurrent(c, 0.9), spec, &report);
  CHECK(report.unconverged_fraction == 0.25);
  CHECK_FALSE(report.converged);
}

TEST_CASE("a solver that converges reports its sweeps and a small residual", "[ops][recurrence]") {
  const Case c{Cell::gru, 2, 256, 16, 16};
  SolverReport report;
  nonlinear_recurrence(inputs(c), recurrent(c, 0.5), with(c.cell, Solver::newton), &report);
  CHECK(report.converged);
  CHECK(report.residual <= 1e-6);
  CHECK(report.iterations >= 2);
  CHECK(report.iterations <= 7);
  nonlinear_recurrence(inputs(c), recurrent(c, 0.5), with(c.cell, Solver::sequential), &report);
  CHECK(report.converged);
  CHECK(report.residual == 0);
  CHECK(report.iterations == 0);
}

TEST_CASE("newton stays finite where its linear recurrence alone would overflow",
          "[ops][recurrence]") {
  for (Cell cell : {Cell::tanh, Cell::lstm})
    for (int64_t block : {1, 4}) {
      const Case c{cell, 1, 4000, 4, block};
      SolverReport report;
      RecurrenceSpec spec = with(c.cell, Solver::newton);
      spec.max_iterations = 4;
      const Tensor h = nonlinear_recurrence(inputs(c), recurrent(c, 60), spec, &report);
      CHECK(std::isfinite(report.residual));
      CHECK(largest(h) <= 1);
    }
}

TEST_CASE("newton reports inputs that are no numbers as not converged", "[ops][recurrence]") {
  const Case c{Cell::gru, 2, 20, 4, 4};
  Tensor u = inputs(c);
  u.data()[5] = std::numeric_limits<float>::quiet_NaN();
  SolverReport report;
  nonlinear_recurrence(u, recurrent(c, 1), with(c.cell, Solver::newton), &report);
  CHECK_FALSE(report.converged);
  CHECK(std::isnan(report.residual));
}

TEST_CASE("an lstm whose memory grows beyond one converges all the same", "[ops][recurrence]") {
  const Case c{Cell::lstm, 1, 500, 4, 4};
  Tensor u = inputs(c);
  for (int64_t t = 0; t < 500; ++t)
    for (int64_t i = 0; i < 12; ++i) u.data()[t * 16 + i] += 5;  // i, f, g nearly one: c counts
  SolverReport report;
  const Tensor R = recurrent(c, 0.5);
  const Tensor h = nonlinear_recurrence(u, R, with(c.cell, Solver::newton), &report);
  CHECK(report.converged);
  CHECK(report.largest > 10);
  CHECK(max_difference(h, nonlinear_recurrence(u, R, with(c.cell, Solver::sequential))) < 1e-5);
}

TEST_CASE("the gradient of n sweeps nears that of the loop as fast as the residual shrinks",
          "[ops][recurrence]") {
  for (Cell cell : kAllCells) {
    const Case c{cell, 1, 100, 8, 8};
    const Tensor u = inputs(c), R = recurrent(c, 0.6);
    const Tensor loop = gradients(u, R, with(cell, Solver::sequential));
    RecurrenceSpec spec = with(cell, Solver::newton);
    for (spec.sweeps = 1; spec.sweeps <= 4; ++spec.sweeps) {
      SolverReport report;
      nonlinear_recurrence(u, R, spec, &report);
      const double error = max_difference(gradients(u, R, spec), loop) / largest(loop);
      INFO(name_of(cell) << " sweeps " << spec.sweeps << ": residual " << report.residual
                         << ", gradient " << error);
      CHECK(error < 20 * report.residual + 1e-5);
    }
  }
}

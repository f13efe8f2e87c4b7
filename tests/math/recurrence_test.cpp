#include <cmath>
#include <limits>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "tests/support/catch.h"
#include "tests/support/gradient.h"

using namespace longhaul;

namespace {

struct Case {
  Cell cell;
  int64_t B, T, N, block;
  int64_t gates() const { return cell == Cell::gru ? 3 : 1; }
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << (c.cell == Cell::gru ? "gru" : "tanh") << " B " << c.B << " T " << c.T << " N "
             << c.N << " block " << c.block;
}

Tensor normal_tensor(const Shape& shape, uint64_t seed, double deviation) {
  Tensor x(shape);
  Rng rng(seed, "test");
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(deviation * rng.normal());
  return x;
}

Tensor inputs(const Case& c) { return normal_tensor({c.B, c.T, c.gates() * c.N}, 1, 0.5); }

// Entries of deviation rho / sqrt(block): the spectral radius of a wide block is about rho.
Tensor recurrent(const Case& c, double rho) {
  const int64_t blocks = c.block ? c.N / c.block : 0;
  return normal_tensor({c.gates(), blocks, c.block, c.block}, 2,
                       rho / std::sqrt(std::max<double>(1, static_cast<double>(c.block))));
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

Tensor naive(const Case& c, const Tensor& u, const Tensor& R) {
  Tensor h({c.B, c.T, c.N});
  for (int64_t b = 0; b < c.B; ++b) {
    std::vector<double> state(c.N, 0), next(c.N);
    for (int64_t t = 0; t < c.T; ++t) {
      for (int64_t i = 0; i < c.N; ++i) {
        double p[3] = {}, v[3] = {};
        for (int64_t g = 0; g < c.gates(); ++g) {
          v[g] = u.data()[((b * c.T + t) * c.gates() + g) * c.N + i];
          for (int64_t j = 0; j < c.block; ++j)
            p[g] +=
                double{R.data()[(g * c.N + i) * c.block + j]} * state[i / c.block * c.block + j];
        }
        if (c.cell == Cell::tanh) {
          next[i] = std::tanh(v[0] + p[0]);
        } else {
          const double r = logistic(v[0] + p[0]), z = logistic(v[1] + p[1]);
          next[i] = (1 - z) * std::tanh(v[2] + r * p[2]) + z * state[i];
        }
      }
      state = next;
      for (int64_t i = 0; i < c.N; ++i)
        h.data()[(b * c.T + t) * c.N + i] = static_cast<float>(state[i]);
    }
  }
  return h;
}

RecurrenceSpec with(Cell cell, Solver solver) {
  RecurrenceSpec spec;
  spec.cell = cell;
  spec.solver = solver;
  return spec;
}

// h after exactly `sweeps` sweeps of Newton.
Tensor after_sweeps(const Tensor& u, const Tensor& R, Cell cell, int sweeps) {
  RecurrenceSpec spec = with(cell, Solver::newton);
  spec.tolerance = 0;
  spec.max_iterations = sweeps;
  return nonlinear_recurrence(u, R, spec);
}

struct Gradients {
  Tensor h, du, dR;
};

Gradients run(const Tensor& u, const Tensor& R, const RecurrenceSpec& spec) {
  Tensor v = u.clone(), S = R.clone();
  v.set_needs_grad(true);
  S.set_needs_grad(true);
  Tape tape;
  const Tensor h = nonlinear_recurrence(v, S, spec);
  tape.backward(sum_all(mul(h, random_tensor(h.shape(), 7))));
  const auto copy = [](const Tensor& t) {
    Tensor gradient(t.shape());
    std::copy_n(t.grad(), t.size(), gradient.data());
    return gradient;
  };
  return {h, copy(v), copy(S)};
}

double largest(const Tensor& x) { return max_difference(x, Tensor(x.shape())); }

const Cell kCells[] = {Cell::tanh, Cell::gru};

std::vector<Case> shapes() {
  std::vector<Case> all;
  for (Cell cell : kCells)
    for (auto [B, T, N, block] : {std::tuple{1, 1, 1, 1},
                                  {2, 2, 6, 2},
                                  {5, 9, 13, 13},
                                  {3, 7, 12, 6},
                                  {6, 11, 24, 1},
                                  {4, 5, 40, 40},
                                  {7, 6, 12, 3},
                                  {3, 4, 20, 10},
                                  {2, 13, 8, 4},
                                  {1, 6, 10, 5}})
      all.push_back({cell, B, T, N, block});
  return all;
}

}  // namespace

TEST_CASE("nonlinear_recurrence equals the loop, by either solver, in a lane or not", "[ops]") {
  for (const Case& c : shapes()) {
    INFO(c);
    const Tensor u = inputs(c), R = recurrent(c, 0.7), expected = naive(c, u, R);
    for (Solver solver : {Solver::sequential, Solver::newton}) {
      CHECK(max_difference(nonlinear_recurrence(u, R, with(c.cell, solver)), expected) < 5e-6);
      const LaneScope lane;
      CHECK(max_difference(nonlinear_recurrence(u, R, with(c.cell, solver)), expected) < 5e-6);
    }
  }
}

TEST_CASE("nonlinear_recurrence has the gradient of finite differences", "[ops]") {
  for (Cell cell : kCells)
    for (auto [B, T, N, block] : {std::tuple{1, 1, 1, 1},
                                  {1, 2, 2, 2},
                                  {2, 3, 5, 5},
                                  {2, 4, 3, 1},
                                  {5, 3, 4, 2},
                                  {1, 3, 12, 6}}) {
      const Case c{cell, B, T, N, block};
      INFO(c);
      for (Solver solver : {Solver::sequential, Solver::newton})
        check_gradient(
            [&](const auto& in) { return nonlinear_recurrence(in[0], in[1], with(cell, solver)); },
            {inputs(c), recurrent(c, 0.9)});
    }
}

TEST_CASE("nonlinear_recurrence adds to a gradient that another reader of u has left", "[ops]") {
  for (Cell cell : kCells) {
    const Case c{cell, 2, 4, 3, 3};
    check_gradient(
        [&](const auto& in) {
          return concat({nonlinear_recurrence(in[0], in[1], with(cell, Solver::sequential)),
                         mul(in[0], in[0])},
                        2);
        },
        {inputs(c), recurrent(c, 0.9)});
  }
}

TEST_CASE("nonlinear_recurrence of no sequences, steps or channels is empty", "[ops]") {
  for (Cell cell : kCells)
    for (auto [B, T, N] : {std::tuple{0, 3, 2}, {2, 0, 2}, {2, 3, 0}})
      for (Solver solver : {Solver::sequential, Solver::newton, Solver::automatic}) {
        const Case c{cell, B, T, N, N};
        INFO(c);
        const Gradients g = run(inputs(c), recurrent(c, 1), with(cell, solver));
        CHECK(g.h.shape() == Shape{B, T, N});
        CHECK(largest(g.dR) == 0);
      }
}

TEST_CASE("newton gives the gradient that the sequential solver gives", "[ops]") {
  for (Cell cell : kCells)
    for (int64_t block : {1, 2, 16}) {
      const Case c{cell, 2, 200, 16, block};
      INFO(c);
      const Tensor u = inputs(c), R = recurrent(c, 0.8);
      const Gradients newton = run(u, R, with(cell, Solver::newton));
      const Gradients loop = run(u, R, with(cell, Solver::sequential));
      CHECK(max_difference(newton.h, loop.h) < 1e-5);
      CHECK(max_difference(newton.du, loop.du) < 1e-4 * (1 + largest(loop.du)));
      CHECK(max_difference(newton.dR, loop.dR) < 1e-4 * (1 + largest(loop.dR)));
    }
}

TEST_CASE("newton converges quadratically: each sweep squares the error", "[ops]") {
  for (Cell cell : kCells) {
    const Case c{cell, 1, 300, 16, 16};
    const Tensor u = inputs(c), R = recurrent(c, 0.6);
    const Tensor exact = nonlinear_recurrence(u, R, with(cell, Solver::sequential));
    double error = max_difference(after_sweeps(u, R, cell, 1), exact);
    for (int sweeps = 2; sweeps <= 4; ++sweeps) {
      const double next = max_difference(after_sweeps(u, R, cell, sweeps), exact);
      INFO("sweep " << sweeps << ": " << error << " -> " << next);
      CHECK(next < 4 * error * error + 1e-6);
      error = next;
    }
  }
}

TEST_CASE("newton needs 3, 4 and 5 sweeps at radius 0.3, 0.6 and 0.9, whatever the length",
          "[ops]") {
  for (auto [rho, expected] : {std::pair{0.3, 3}, {0.6, 4}, {0.9, 5}})
    for (int64_t T : {64, 1024, 4096}) {
      const Case c{Cell::tanh, 1, T, 16, 16};
      const Tensor u = inputs(c), R = recurrent(c, rho);
      const Tensor exact = nonlinear_recurrence(u, R, with(c.cell, Solver::sequential));
      int sweeps = 1;
      while (sweeps < 20 && max_difference(after_sweeps(u, R, c.cell, sweeps), exact) > 1e-6)
        ++sweeps;
      INFO("rho " << rho << " T " << T);
      CHECK(std::abs(sweeps - expected) <= 1);
    }
}

TEST_CASE("newton is exact on the first n steps after n sweeps", "[ops]") {
  for (Cell cell : kCells)
    for (int64_t block : {1, 2, 8}) {
      const Case c{cell, 1, 40, 8, block};
      const Tensor u = inputs(c), R = recurrent(c, 2);
      const Tensor exact = nonlinear_recurrence(u, R, with(cell, Solver::sequential));
      for (int sweeps : {1, 2, 5, 11}) {
        INFO(c << " sweeps " << sweeps);
        CHECK(max_difference(slice(after_sweeps(u, R, cell, sweeps), 1, 0, sweeps),
                             slice(exact, 1, 0, sweeps)) < 1e-6);
      }
    }
}

TEST_CASE("a solver that does not converge says so", "[ops]") {
  const Case c{Cell::tanh, 2, 256, 16, 16};
  RecurrenceSpec spec = with(c.cell, Solver::newton);
  spec.max_iterations = 3;
  spec.audit = true;
  SolverReport report;
  Measurement seen;
  {
    const Meter meter(seen);
    nonlinear_recurrence(inputs(c), recurrent(c, 2), spec, &report);
  }
  CHECK_FALSE(report.converged);
  CHECK(report.iterations == 3);
  CHECK(report.residual > 1e-3);
  CHECK(seen.notes.at("solver.unconverged").value() == 1);
  CHECK(seen.notes.at("solver.iterations").value() == 3);
  CHECK(seen.notes.at("solver.residual").value() == report.residual);
  CHECK(seen.notes.at("solver.error").value() > 1e-3);
}

TEST_CASE("a solver that converges reports its sweeps and a small residual", "[ops]") {
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

TEST_CASE("newton stays finite where its linear recurrence alone would overflow", "[ops]") {
  for (int64_t block : {1, 4}) {
    const Case c{Cell::tanh, 1, 4000, 4, block};
    SolverReport report;
    RecurrenceSpec spec = with(c.cell, Solver::newton);
    spec.max_iterations = 4;
    const Tensor h = nonlinear_recurrence(inputs(c), recurrent(c, 60), spec, &report);
    CHECK(std::isfinite(report.residual));
    CHECK(largest(h) <= 1);
  }
}

TEST_CASE("newton reports inputs that are no numbers as not converged", "[ops]") {
  const Case c{Cell::gru, 2, 20, 4, 4};
  Tensor u = inputs(c);
  u.data()[5] = std::numeric_limits<float>::quiet_NaN();
  SolverReport report;
  nonlinear_recurrence(u, recurrent(c, 1), with(c.cell, Solver::newton), &report);
  CHECK_FALSE(report.converged);
  CHECK(std::isnan(report.residual));
}

TEST_CASE("a sequence has the same bits alone, in a batch and for one or two threads", "[ops]") {
  for (Cell cell : kCells)
    for (int64_t block : {1, 2, 6, 12})
      for (Solver solver : {Solver::sequential, Solver::newton, Solver::automatic}) {
        const Case c{cell, 7, 33, 12, block};
        INFO(c);
        const Tensor u = inputs(c), R = recurrent(c, 0.9);
        const int before = threads();
        set_threads(1);
        const Gradients one = run(u, R, with(cell, solver));
        set_threads(2);
        const Gradients two = run(u, R, with(cell, solver));
        set_threads(before);
        CHECK(max_difference(one.h, two.h) == 0);
        CHECK(max_difference(one.du, two.du) == 0);
        CHECK(max_difference(one.dR, two.dR) == 0);
        const LaneScope lane;
        CHECK(max_difference(run(slice(u, 0, 5, 6), R, with(cell, solver)).h,
                             slice(run(u, R, with(cell, solver)).h, 0, 5, 6)) == 0);
      }
}

TEST_CASE("one long sequence of narrow blocks is solved in chunks", "[ops]") {
  for (Cell cell : kCells)
    for (auto [N, block] : {std::pair{1, 1}, {11, 1}, {4, 2}, {6, 3}, {8, 4}}) {
      const Case c{cell, 1, 3000, N, block};
      INFO(c);
      const Tensor u = inputs(c), R = recurrent(c, 0.3);
      const int before = threads();
      set_threads(1);
      const Tensor one = nonlinear_recurrence(u, R, with(cell, Solver::newton));
      set_threads(2);
      const Tensor two = nonlinear_recurrence(u, R, with(cell, Solver::newton));
      set_threads(before);
      CHECK(max_difference(one, two) == 0);
      CHECK(max_difference(one, nonlinear_recurrence(u, R, with(cell, Solver::sequential))) < 1e-5);
    }
}

TEST_CASE("nonlinear_recurrence names the shapes that do not fit", "[ops]") {
  const RecurrenceSpec spec;
  CHECK_THROWS_WITH(
      nonlinear_recurrence(Tensor({2, 3, 6}), Tensor({1, 2, 2, 2}), spec),
      Catch::Matchers::Contains("(2, 3, 6)") && Catch::Matchers::Contains("(1, 2, 2, 2)"));
  CHECK_THROWS_AS(nonlinear_recurrence(Tensor({2, 6}), Tensor({1, 3, 2, 2}), spec), Error);
  CHECK_THROWS_AS(nonlinear_recurrence(Tensor({2, 3, 6}), Tensor({3, 3, 2, 2}), spec), Error);
}

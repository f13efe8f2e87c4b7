#include <cmath>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/recurrence_case.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

using Case = RecurrenceCase;

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// One step of one channel from v = u + p, apart from the gru's, whose reset gate stands inside.
// `see`: the peepholes of a cifg.
void naive_channel(Cell cell, const double* u, const double* p, const double* see, double& h,
                   double& c) {
  if (cell == Cell::tanh) {
    h = std::tanh(u[0] + p[0]);
  } else if (cell == Cell::gru) {
    const double r = logistic(u[0] + p[0]), z = logistic(u[1] + p[1]);
    h = (1 - z) * std::tanh(u[2] + r * p[2]) + z * h;
  } else if (cell == Cell::cifg) {
    const double f = logistic(u[0] + p[0] + see[0] * c);
    c = f * c + (1 - f) * std::tanh(u[1] + p[1]);
    h = logistic(u[2] + p[2] + see[1] * c) * std::tanh(c);
  } else {
    const double i = logistic(u[0] + p[0]), f = logistic(u[1] + p[1]);
    c = f * c + i * std::tanh(u[2] + p[2]);
    h = logistic(u[3] + p[3]) * std::tanh(c);
  }
}

Tensor naive(const Case& c, const Tensor& u, const Tensor& R, const Tensor& peepholes = {}) {
  Tensor h({c.B, c.T, c.N});
  for (int64_t b = 0; b < c.B; ++b) {
    std::vector<double> state(c.N, 0), next(c.N, 0), memory(c.N, 0);
    for (int64_t t = 0; t < c.T; ++t) {
      for (int64_t i = 0; i < c.N; ++i) {
        double p[4] = {}, v[4] = {};
        for (int64_t g = 0; g < c.gates(); ++g) {
          v[g] = u.data()[((b * c.T + t) * c.gates() + g) * c.N + i];
          for (int64_t j = 0; j < c.block; ++j)
            p[g] +=
                double{R.data()[(g * c.N + i) * c.block + j]} * state[i / c.block * c.block + j];
        }
        double see[2] = {};
        for (int64_t k = 0; k < 2 && peepholes.defined(); ++k)
          see[k] = double{peepholes.data()[k * c.N + i]};
        naive_channel(c.cell, v, p, see, next[i], memory[i]);
      }
      state = next;
      for (int64_t i = 0; i < c.N; ++i)
        h.data()[(b * c.T + t) * c.N + i] = static_cast<float>(state[i]);
    }
  }
  return h;
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

std::vector<Case> shapes() {
  std::vector<Case> all;
  for (Cell cell : kAllCells)
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

TEST_CASE("nonlinear_recurrence equals the loop, by every solver, in a lane or not",
          "[ops][recurrence]") {
  for (const Case& c : shapes()) {
    INFO(c);
    const Tensor u = inputs(c), R = recurrent(c, 0.7), expected = naive(c, u, R);
    const auto check = [&](Solver solver) {
      INFO(name_of(solver));
      CHECK(max_difference(nonlinear_recurrence(u, R, with(c.cell, solver)), expected) < 5e-6);
      const LaneScope lane;
      CHECK(max_difference(nonlinear_recurrence(u, R, with(c.cell, solver)), expected) < 5e-6);
    };
    check(Solver::sequential);
    for (Solver solver : kSweepingSolvers) check(solver);
  }
}

TEST_CASE("nonlinear_recurrence has the gradient of finite differences", "[ops][recurrence]") {
  const LaneScope lane;  // in thousands of tiny passes threads would only wait for each other
  for (Cell cell : kAllCells)
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

TEST_CASE("peepholes of a cifg are seen by every solver and when decoding, and have a gradient",
          "[ops][recurrence]") {
  for (auto [B, T, N, block] :
       {std::tuple{1, 1, 1, 1}, {2, 9, 6, 1}, {5, 8, 6, 3}, {2, 7, 13, 13}, {1, 2500, 3, 1}}) {
    const Case c{Cell::cifg, B, T, N, block};
    INFO(c);
    const Tensor u = inputs(c), R = recurrent(c, 0.7), peepholes = random_tensor({2, N}, 3);
    const Tensor expected = naive(c, u, R, peepholes);
    const auto check = [&](Solver solver) {
      INFO(name_of(solver));
      const RecurrenceSpec spec = with(c.cell, solver);
      CHECK(max_difference(nonlinear_recurrence(u, R, spec, nullptr, peepholes), expected) < 1e-5);
    };
    check(Solver::sequential);
    for (Solver solver : kSweepingSolvers)
      if (T < 100 || solver == Solver::newton) check(solver);
    const RecurrenceSpec spec = with(c.cell, Solver::sequential);
    Tensor state({c.B, recurrence_state(c.N, spec)});
    for (int64_t t = 0; t < std::min<int64_t>(T, 9); ++t) {
      const Tensor now = reshape(slice(u, 1, t, t + 1), {c.B, c.gates() * c.N});
      const Tensor h = recurrence_step(now, R, spec, state, peepholes);
      CHECK(max_difference(h, reshape(slice(expected, 1, t, t + 1), h.shape())) < 1e-5);
    }
    const LaneScope lane;
    for (Solver solver : {Solver::sequential, Solver::newton})
      if (T < 100)
        check_gradient(
            [&](const auto& in) {
              return nonlinear_recurrence(in[0], in[1], with(c.cell, solver), nullptr, in[2]);
            },
            {u, R, peepholes});
  }
  CHECK_THROWS_WITH(
      nonlinear_recurrence(Tensor({1, 2, 4}), Tensor({1, 4, 1, 1}), {}, nullptr, Tensor({2, 4})),
      Catch::Matchers::Contains("a cifg alone has them"));
}

TEST_CASE("nonlinear_recurrence adds to a gradient that another reader of u has left",
          "[ops][recurrence]") {
  for (Cell cell : kAllCells) {
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

TEST_CASE("nonlinear_recurrence of no sequences, steps or channels is empty", "[ops][recurrence]") {
  for (Cell cell : kAllCells)
    for (auto [B, T, N] : {std::tuple{0, 3, 2}, {2, 0, 2}, {2, 3, 0}})
      for (Solver solver : {Solver::sequential, Solver::newton, Solver::automatic}) {
        const Case c{cell, B, T, N, N};
        INFO(c);
        const Gradients g = run(inputs(c), recurrent(c, 1), with(cell, solver));
        CHECK(g.h.shape() == Shape{B, T, N});
        CHECK(largest(g.dR) == 0);
      }
}

TEST_CASE("a sequence has the same bits alone, in a batch and for one or two threads",
          "[ops][recurrence]") {
  for (Cell cell : kAllCells)
    for (int64_t block : {1, 2, 6, 12})
      for (Solver solver : {Solver::sequential, Solver::newton, Solver::automatic}) {
        const Case c{cell, 7, 33, 12, block};
        INFO(c);
        const Tensor u = inputs(c), R = recurrent(c, 0.9);
        const auto solve = [&] { return run(u, R, with(cell, solver)); };
        const Gradients one = with_threads(1, solve), two = with_threads(2, solve);
        CHECK(max_difference(one.h, two.h) == 0);
        CHECK(max_difference(one.du, two.du) == 0);
        CHECK(max_difference(one.dR, two.dR) == 0);
        const LaneScope lane;
        CHECK(max_difference(run(slice(u, 0, 5, 6), R, with(cell, solver)).h,
                             slice(run(u, R, with(cell, solver)).h, 0, 5, 6)) == 0);
      }
}

TEST_CASE("one long sequence of narrow blocks is solved in chunks", "[ops][recurrence]") {
  for (Cell cell : kAllCells)
    for (auto [N, block] : {std::pair{1, 1}, {11, 1}, {4, 2}, {6, 3}, {8, 4}}) {
      const Case c{cell, 1, 3000, N, block};
      INFO(c);
      const Tensor u = inputs(c), R = recurrent(c, 0.3);
      const auto solve = [&] { return nonlinear_recurrence(u, R, with(cell, Solver::newton)); };
      const Tensor one = with_threads(1, solve), two = with_threads(2, solve);
      CHECK(max_difference(one, two) == 0);
      CHECK(max_difference(one, nonlinear_recurrence(u, R, with(cell, Solver::sequential))) < 1e-5);
    }
}

TEST_CASE("nonlinear_recurrence names the shapes that do not fit", "[ops][recurrence]") {
  const RecurrenceSpec spec;
  CHECK_THROWS_WITH(
      nonlinear_recurrence(Tensor({2, 3, 6}), Tensor({1, 2, 2, 2}), spec),
      Catch::Matchers::Contains("(2, 3, 6)") && Catch::Matchers::Contains("(1, 2, 2, 2)"));
  CHECK_THROWS_AS(nonlinear_recurrence(Tensor({2, 6}), Tensor({1, 3, 2, 2}), spec), Error);
  CHECK_THROWS_AS(nonlinear_recurrence(Tensor({2, 3, 6}), Tensor({3, 3, 2, 2}), spec), Error);
}

TEST_CASE("recurrence_step returns what nonlinear_recurrence returns at each step",
          "[ops][recurrence]") {
  for (Cell cell : kAllCells)
    for (int64_t block : {1, 2, 6}) {
      const Case c{cell, 3, 7, 6, block};
      INFO(c);
      const Tensor u = inputs(c), R = recurrent(c, 0.9);
      const auto check = [&](const RecurrenceSpec& spec) {
        INFO(name_of(spec.solver) << " sweeps " << spec.sweeps);
        const Tensor whole = nonlinear_recurrence(u, R, spec);
        Tensor state({c.B, recurrence_state(c.N, spec)});
        for (int64_t t = 0; t < c.T; ++t) {
          const Tensor now = reshape(slice(u, 1, t, t + 1), {c.B, c.gates() * c.N});
          const Tensor h = recurrence_step(now, R, spec, state);
          CHECK(max_difference(h, reshape(slice(whole, 1, t, t + 1), h.shape())) < 2e-6);
        }
      };
      check(with(cell, Solver::sequential));
      check(with(cell, Solver::newton));
      for (Solver solver : kSweepingSolvers)
        for (int sweeps : {1, 3}) {
          if (solver == Solver::elk) continue;  // its gains depend on all steps before
          RecurrenceSpec spec = with(cell, solver);
          spec.sweeps = sweeps;
          check(spec);
        }
    }
}

TEST_CASE("recurrence_step names the state that does not fit", "[ops][recurrence]") {
  Tensor state({2, 5});
  CHECK_THROWS_WITH(recurrence_step(Tensor({2, 4}), Tensor({1, 1, 4, 4}), {}, state),
                    Catch::Matchers::Contains("(2, 5)") && Catch::Matchers::Contains("[2, 4]"));
}

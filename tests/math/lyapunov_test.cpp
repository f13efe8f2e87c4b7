#include "math/recurrence/lyapunov.h"

#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/recurrence_case.h"

using namespace longhaul;

namespace {

double exponent_of(const Tensor& u, const Tensor& R, Cell cell,
                   Solver solver = Solver::sequential) {
  const Exponents exponents;
  nonlinear_recurrence(u, R, with(cell, solver));
  return exponents.mean();
}

// Of an m2rnn with one head of 16 whose W is `scale` times a normal matrix, or times the identity.
double m2rnn_exponent(double scale, bool is_identity, float f, Solver solver) {
  const int64_t T = 500, d = 16;
  const float inputs = is_identity ? 0 : 0.5f;
  const auto rows = [&](uint64_t seed) { return normal_tensor({1, T, d}, seed, inputs); };
  Tensor W = normal_tensor({1, d, d}, 4, scale / std::sqrt(static_cast<double>(d)));
  for (int64_t i = 0; i < d * d && is_identity; ++i)
    W.data()[i] = i % (d + 1) == 0 ? static_cast<float>(scale) : 0;
  const Exponents exponents;
  m2rnn_recurrence(rows(1), rows(2), rows(3), Tensor({1, T, 1}, f), W, 1, {.solver = solver});
  return exponents.mean();
}

}  // namespace

TEST_CASE("a recurrence at rest is linear, and its exponent is the log of its matrix",
          "[ops][lyapunov]") {
  const LaneScope lane;
  for (const double factor : {0.5, 0.9, 1.0, 1.5}) {
    // Turns the plane by 0.3 and stretches it; h stays 0.
    const float c = static_cast<float>(factor * std::cos(0.3)),
                s = static_cast<float>(factor * std::sin(0.3));
    const Tensor R = Tensor::from({1, 2, 2, 2}, {c, -s, s, c, c, -s, s, c});
    CHECK(exponent_of(Tensor({2, 300, 4}), R, Cell::tanh) == Approx(std::log(factor)).margin(1e-5));
  }
  // Gates of one half: h = h' / 2, c = c' / 2.
  CHECK(exponent_of(Tensor({1, 300, 12}), Tensor({3, 4, 1, 1}), Cell::gru) ==
        Approx(std::log(0.5)).margin(1e-5));
  for (const Cell cell : {Cell::lstm, Cell::cifg}) {
    const int64_t gates = cell == Cell::lstm ? 4 : 3;
    CHECK(exponent_of(Tensor({1, 300, gates * 4}), Tensor({gates, 4, 1, 1}), cell) ==
          Approx(std::log(0.5)).margin(5e-3));  // the first steps turn v
  }
}

TEST_CASE("the exponent of an m2rnn at rest is the log of f + (1 - f) W", "[ops][lyapunov]") {
  for (const Solver solver : {Solver::sequential, Solver::newton}) {
    CHECK(m2rnn_exponent(0.5, true, 0.5f, solver) == Approx(std::log(0.75)).margin(1e-5));
    CHECK(m2rnn_exponent(3, true, 0.5f, solver) == Approx(std::log(2)).margin(1e-5));
    CHECK(m2rnn_exponent(3, true, 1, solver) == Approx(0).margin(1e-5));
  }
}

TEST_CASE("a contracting cell has an exponent below 0, a chaotic one above", "[ops][lyapunov]") {
  const RecurrenceCase c{Cell::tanh, 1, 500, 16, 16};
  for (const Solver solver : {Solver::sequential, Solver::newton})
    CHECK(exponent_of(inputs(c), recurrent(c, 0.5), c.cell, solver) < -0.2);
  CHECK(exponent_of(inputs(c), recurrent(c, 4), c.cell) > 0.05);
  CHECK(m2rnn_exponent(0.5, false, 0.2f, Solver::sequential) < -0.2);
  CHECK(m2rnn_exponent(6, false, 0.2f, Solver::sequential) > 0.05);
}

TEST_CASE("nobody pays for exponents who does not listen, and one step has none",
          "[ops][lyapunov]") {
  CHECK(Exponents::active() == nullptr);
  const Exponents exponents;
  nonlinear_recurrence(Tensor({2, 1, 4}), Tensor({1, 4, 1, 1}), with(Cell::tanh, Solver::newton));
  CHECK(exponents.empty());
  {
    const Exponents inner;
    nonlinear_recurrence(Tensor({2, 3, 4}), Tensor({1, 4, 1, 1}), with(Cell::tanh, Solver::newton));
    CHECK_FALSE(inner.empty());
  }
  CHECK(exponents.empty());
  CHECK(Exponents::active() == &exponents);
}

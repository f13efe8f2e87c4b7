#include <cmath>

#include "longhaul/error.h"
#include "longhaul/recurrences.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/recurrence_case.h"
#include "tests/helpers/results.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Case {
  int64_t B, T, heads, K, V;
};

std::vector<Tensor> inputs(const Case& c) {
  const Shape keys{c.B, c.T, c.heads * c.K};
  return {random_tensor(keys, 1), random_tensor(keys, 2),
          random_tensor({c.B, c.T, c.heads * c.V}, 3), random_tensor({c.B, c.T, c.heads}, 4, 0, 1),
          random_tensor({c.heads, c.V, c.V}, 5)};
}

TensorFunction operation(int64_t heads, const RecurrenceSpec& spec = {}) {
  return [=](const auto& x) { return m2rnn_recurrence(x[0], x[1], x[2], x[3], x[4], heads, spec); };
}

RecurrenceSpec by(Solver solver) { return {.solver = solver}; }

// W normal with deviation 0.6 / sqrt(V): like the matrices of a recurrence that forgets its start.
std::vector<Tensor> calm_inputs(const Case& c) {
  std::vector<Tensor> x = inputs(c);
  x[4] = normal_tensor({c.heads, c.V, c.V}, 5, 0.6 / std::sqrt(static_cast<double>(c.V)));
  return x;
}

// The recurrence, element by element, in double.
Tensor naive(const std::vector<Tensor>& x, const Case& c) {
  Tensor y(x[2].shape());
  for (int64_t head = 0; head < c.B * c.heads; ++head) {
    std::vector<double> H(static_cast<std::size_t>(c.K * c.V));
    const float* w = x[4].data() + head % c.heads * c.V * c.V;
    for (int64_t t = 0; t < c.T; ++t) {
      const int64_t row = (head / c.heads * c.T + t) * c.heads + head % c.heads;
      const double f = double{x[3].data()[row]};
      const std::vector<double> before = H;
      for (int64_t i = 0; i < c.K; ++i)
        for (int64_t j = 0; j < c.V; ++j) {
          double sum = double{x[1].data()[row * c.K + i]} * double{x[2].data()[row * c.V + j]};
          for (int64_t l = 0; l < c.V; ++l) sum += before[i * c.V + l] * double{w[l * c.V + j]};
          H[i * c.V + j] = f * before[i * c.V + j] + (1 - f) * std::tanh(sum);
        }
      for (int64_t j = 0; j < c.V; ++j) {
        double out = 0;
        for (int64_t i = 0; i < c.K; ++i)
          out += double{x[0].data()[row * c.K + i]} * H[i * c.V + j];
        y.data()[row * c.V + j] = static_cast<float>(out);
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE("m2rnn_recurrence equals its definition", "[ops][m2rnn]") {
  const LaneScope lane;
  for (const Case& c : {Case{1, 1, 1, 1, 1}, Case{2, 7, 2, 3, 5}, Case{1, 40, 2, 16, 16},
                        Case{2, 17, 1, 8, 4}, Case{2, 0, 2, 3, 3}}) {
    INFO(c.T << " positions, K " << c.K << ", V " << c.V);
    CHECK(max_difference(operation(c.heads)(inputs(c)), naive(inputs(c), c)) < 2e-5);
  }
}

TEST_CASE("m2rnn_recurrence has the gradient of finite differences", "[ops][m2rnn]") {
  const LaneScope lane;
  for (const Case& c :
       {Case{1, 1, 1, 2, 3}, Case{2, 7, 2, 3, 2}, Case{1, 19, 1, 2, 3}, Case{0, 3, 1, 2, 2}})
    check_gradient(operation(c.heads), inputs(c));
}

TEST_CASE("m2rnn_recurrence names what does not fit", "[ops][m2rnn]") {
  const Tensor x({2, 5, 8});
  CHECK_THROWS_AS(m2rnn_recurrence(x, x, x, Tensor({2, 5, 2}), Tensor({2, 3, 3}), 2), Error);
}

TEST_CASE("every solver gives the value and the gradients of m2rnn's loop", "[ops][m2rnn]") {
  for (const Case& c : {Case{2, 50, 2, 16, 16}, Case{1, 50, 1, 3, 5}, Case{1, 50, 2, 4, 3},
                        Case{1, 50, 3, 2, 1}, Case{1, 50, 1, 5, 24}}) {
    const std::vector<Tensor> loop = value_and_gradients(operation(c.heads), calm_inputs(c));
    for (const Solver solver : kSweepingSolvers) {
      INFO(name_of(solver) << " V " << c.V);
      const std::vector<Tensor> solved =
          value_and_gradients(operation(c.heads, by(solver)), calm_inputs(c));
      for (std::size_t i = 0; i < loop.size(); ++i) {
        const double size = 1 + max_difference(loop[i], Tensor(loop[i].shape()));
        CHECK(max_difference(solved[i], loop[i]) < 1e-4 * size);
      }
    }
  }
}

TEST_CASE("m2rnn_recurrence solved by newton has the gradient of finite differences",
          "[ops][m2rnn]") {
  const LaneScope lane;
  for (const Case& c : {Case{1, 1, 1, 2, 3}, Case{2, 7, 2, 3, 2}, Case{1, 19, 1, 2, 6},
                        Case{0, 3, 1, 2, 2}, Case{1, 0, 1, 2, 2}})
    check_gradient(operation(c.heads, by(Solver::newton)), inputs(c));
}

TEST_CASE("newton solves m2rnn in a few sweeps, whatever the length, and its audit says so",
          "[ops][m2rnn]") {
  for (const int64_t T : {64, 256, 1024}) {
    std::vector<Tensor> x = calm_inputs({1, T, 2, 16, 16});
    for (Tensor& tensor : x) tensor.set_needs_grad(true);
    RecurrenceSpec spec = by(Solver::newton);
    spec.audit = true;
    SolverReport report;
    Measurement seen;
    {
      const Meter meter(seen);
      Tape tape;
      tape.backward(sum_all(m2rnn_recurrence(x[0], x[1], x[2], x[3], x[4], 2, spec, &report)));
    }
    INFO(T << " positions");
    CHECK(report.converged);
    CHECK(report.residual <= 1e-6);
    CHECK(report.iterations <= 10);
    CHECK(seen.notes.at("solver.iterations").value() == report.iterations);
    CHECK(seen.notes.at("solver.residual").value() == report.residual);
    CHECK(seen.notes.at("solver.unconverged").value() == 0);
    CHECK(seen.notes.at("solver.error").value() < 1e-4);
    CHECK(seen.notes.at("solver.gradient_error").value() < 1e-4);
  }
}

TEST_CASE("each sweep of newton about squares the error of m2rnn's states", "[ops][m2rnn]") {
  const Case c{1, 200, 1, 16, 16};
  const Tensor exact = operation(1)(calm_inputs(c));
  double error = 10;
  for (int sweeps = 2; sweeps <= 5; ++sweeps) {
    RecurrenceSpec spec = by(Solver::newton);
    spec.max_iterations = sweeps;
    const double next = max_difference(operation(1, spec)(calm_inputs(c)), exact);
    INFO("sweep " << sweeps << ": " << error << " -> " << next);
    CHECK(next < error * error + 1e-5);
    error = next;
  }
}

TEST_CASE("m2rnn_recurrence has the same bits for any number of threads", "[ops][m2rnn]") {
  for (const Solver solver : {Solver::sequential, Solver::newton})
    for (const Case& c : {Case{3, 30, 2, 8, 4}, Case{3, 30, 2, 8, 16}, Case{1, 2100, 1, 2, 2},
                          Case{1, 2100, 1, 2, 8}}) {
      const auto run = [&] {
        return value_and_gradients(operation(c.heads, by(solver)), calm_inputs(c));
      };
      CHECK(largest_difference(with_threads(2, run), with_threads(1, run)) == 0);
    }
}

// Options of the sweeping solvers: where they start, windows, and clip_elk. Whatever they are, a
// converged solution is the loop's.
#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/parallel.h"
#include "math/recurrence/last_states.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/recurrence_case.h"
#include "tests/helpers/results.h"

using namespace longhaul;

namespace {

using Case = RecurrenceCase;

TensorFunction rnn_by(const RecurrenceSpec& spec, SolverReport* report = nullptr) {
  return [=](const auto& x) { return nonlinear_recurrence(x[0], x[1], spec, report); };
}

TensorFunction m2rnn_by(const RecurrenceSpec& spec, SolverReport* report = nullptr) {
  return [=](const auto& x) {
    return m2rnn_recurrence(x[0], x[1], x[2], x[3], x[4], 2, spec, report);
  };
}

std::vector<Tensor> rnn_inputs(const Case& c) { return {inputs(c), recurrent(c, 0.6)}; }

std::vector<Tensor> m2rnn_inputs(int64_t T) {
  const Shape rows{2, T, 2 * 8};
  return {random_tensor(rows, 1), random_tensor(rows, 2), random_tensor(rows, 3),
          random_tensor({2, T, 2}, 4, 0, 1), normal_tensor({2, 8, 8}, 5, 0.2)};
}

void check_near(const std::vector<Tensor>& found, const std::vector<Tensor>& exact) {
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double size = 1 + max_difference(exact[i], Tensor(exact[i].shape()));
    CHECK(max_difference(found[i], exact[i]) < 1e-4 * size);
  }
}

const RecurrenceSpec kOptions[] = {
    {.solver = Solver::newton, .start = Start::cell},
    {.solver = Solver::newton, .start = Start::last},
    {.solver = Solver::newton, .window = 16},
    {.solver = Solver::newton, .start = Start::cell, .window = 7},
    {.solver = Solver::quasi_newton, .window = 1},
    {.solver = Solver::jacobi, .start = Start::cell, .window = 50},
    {.solver = Solver::fixed_a, .window = 16},
    {.solver = Solver::elk, .start = Start::cell, .window = 16},
    {.solver = Solver::clip_elk, .start = Start::cell, .window = 100},
};

}  // namespace

TEST_CASE("every start and window gives the value and the gradient that the loop gives",
          "[ops][recurrence]") {
  for (const Cell cell : kAllCells)
    for (const int64_t block : {1, 2, 16}) {
      const Case c{cell, 2, 50, 16, block};
      const auto loop = value_and_gradients(rnn_by(with(cell, Solver::sequential)), rnn_inputs(c));
      for (RecurrenceSpec spec : kOptions) {
        INFO(c << " " << name_of(spec.solver) << " window " << spec.window);
        spec.cell = cell;
        check_near(value_and_gradients(rnn_by(spec), rnn_inputs(c)), loop);
      }
    }
}

TEST_CASE("every start and window gives the value and the gradients of m2rnn's loop",
          "[ops][m2rnn]") {
  const auto loop = value_and_gradients(m2rnn_by({}), m2rnn_inputs(50));
  for (const RecurrenceSpec& spec : kOptions) {
    INFO(name_of(spec.solver) << " window " << spec.window);
    check_near(value_and_gradients(m2rnn_by(spec), m2rnn_inputs(50)), loop);
  }
}

TEST_CASE("windows of one step are the loop, a sweep and its check each", "[ops][recurrence]") {
  const Case c{Cell::gru, 1, 20, 4, 4};
  SolverReport report;
  RecurrenceSpec spec = with(c.cell, Solver::newton);
  spec.window = 1;
  const Tensor h = nonlinear_recurrence(inputs(c), recurrent(c, 0.6), spec, &report);
  CHECK(report.iterations == 20);
  CHECK(report.residual == 0);
  CHECK(max_difference(h, nonlinear_recurrence(inputs(c), recurrent(c, 0.6),
                                               with(c.cell, Solver::sequential))) < 1e-6);
}

TEST_CASE("windows need fewer sweeps each where a chaotic recurrence defeats the whole",
          "[ops][recurrence]") {
  const Case c{Cell::tanh, 1, 256, 16, 16};
  const Tensor u = inputs(c), R = recurrent(c, 2);
  RecurrenceSpec spec = with(c.cell, Solver::newton);
  spec.max_iterations = 20;
  SolverReport whole, windows;
  nonlinear_recurrence(u, R, spec, &whole);
  spec.window = 8;
  nonlinear_recurrence(u, R, spec, &windows);
  CHECK_FALSE(whole.converged);
  CHECK(windows.converged);
  CHECK(windows.iterations < 256);
}

TEST_CASE("starting at cell(0, u) saves the first of jacobi's sweeps", "[ops][recurrence]") {
  for (const Cell cell : {Cell::tanh, Cell::lstm}) {
    const Case c{cell, 1, 100, 8, 8};
    SolverReport zero, at_cell;
    RecurrenceSpec spec = with(cell, Solver::jacobi);
    nonlinear_recurrence(inputs(c), recurrent(c, 0.6), spec, &zero);
    spec.start = Start::cell;
    nonlinear_recurrence(inputs(c), recurrent(c, 0.6), spec, &at_cell);
    CHECK(at_cell.iterations == zero.iterations - 1);
  }
}

TEST_CASE("the last step's states save sweeps where the next step's inputs are near",
          "[ops][recurrence][m2rnn]") {
  LastStates states;
  const auto sweeps = [&](const std::function<TensorFunction(SolverReport*)>& by,
                          const std::vector<Tensor>& x) {
    const LaneScope lane;
    const LastStatesScope scope(states);
    states.begin_step();
    SolverReport report;
    by (&report)(x);
    CHECK(report.converged);
    return report.iterations;
  };
  RecurrenceSpec spec{.solver = Solver::newton, .start = Start::last};
  const auto m2rnn = [&](SolverReport* report) { return m2rnn_by(spec, report); };
  for (const Cell cell : kAllCells) {
    spec.cell = cell;
    ++spec.layer;  // another place
    const auto rnn = [&](SolverReport* report) { return rnn_by(spec, report); };
    const std::vector<Tensor> x = rnn_inputs({cell, 2, 100, 8, 8});
    const int first = sweeps(rnn, x);
    CHECK(first > 1);
    CHECK(sweeps(rnn, x) == 0);  // nothing is left to do
    std::vector<Tensor> near = rnn_inputs({cell, 2, 100, 8, 8});
    near[1].data()[0] += 1e-3f;
    CHECK(sweeps(rnn, near) < first);
    CHECK(sweeps(rnn, rnn_inputs({cell, 2, 90, 8, 8})) > 0);  // another shape: from zeros
  }
  ++spec.layer;
  CHECK(sweeps(m2rnn, m2rnn_inputs(60)) > 1);
  CHECK(sweeps(m2rnn, m2rnn_inputs(60)) == 0);
}

TEST_CASE("clip_elk is quasi_newton where no entry of its Jacobian is above 1",
          "[ops][recurrence]") {
  const Case c{Cell::tanh, 1, 100, 8, 1};
  const Tensor u = inputs(c), calm = recurrent(c, 0.2);
  for (const int sweeps : {1, 3})
    CHECK(max_difference(after_sweeps(u, calm, with(c.cell, Solver::clip_elk), sweeps),
                         after_sweeps(u, calm, with(c.cell, Solver::quasi_newton), sweeps)) == 0);
}

TEST_CASE("clip_elk keeps iterates small where quasi_newton's grow, and is exact in the end",
          "[ops][recurrence]") {
  for (const Cell cell : {Cell::tanh, Cell::cifg}) {
    const Case c{cell, 1, 400, 16, 1};
    const Tensor u = inputs(c), R = recurrent(c, cell == Cell::tanh ? 3 : 12);
    RecurrenceSpec spec = with(c.cell, Solver::quasi_newton);
    spec.clip = 1e8;
    spec.sweeps = 3;
    SolverReport free, clipped;
    nonlinear_recurrence(u, R, spec, &free);
    spec.solver = Solver::clip_elk;
    nonlinear_recurrence(u, R, spec, &clipped);
    INFO(name_of(cell) << " " << free.largest << " " << clipped.largest);
    CHECK(free.largest > 1e4);
    CHECK(clipped.largest < 1e3);  // it can only add up
    spec.sweeps = 0;
    spec.max_iterations = 400;
    const Tensor h = nonlinear_recurrence(u, R, spec, &clipped);
    CHECK(clipped.converged);
  }
}

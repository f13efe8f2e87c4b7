// Compares nonlinear_recurrence with tests/data/recurrence/cells.txt, which a NumPy program that
// shares no code with it has written (tests/reference/recurrence.py).
#include <fstream>
#include <sstream>

#include "longhaul/ops.h"
#include "test_paths.h"
#include "tests/support/catch.h"
#include "tests/support/gradient.h"
#include "tests/support/recurrence_case.h"

using namespace longhaul;

namespace {

Tensor next_tensor(std::istream& in, const std::string& expected, const Shape& shape) {
  std::string line, name;
  std::getline(in, line);
  std::istringstream words(line);
  words >> name;
  REQUIRE(name == expected);
  Tensor x(shape);
  for (int64_t i = 0; i < x.size(); ++i) words >> x.data()[i];
  REQUIRE_FALSE(words.fail());
  return x;
}

Tensor gradient_of(const Tensor& x) {
  Tensor g(x.shape());
  std::copy_n(x.grad(), x.size(), g.data());
  return g;
}

}  // namespace

TEST_CASE("cells and their gradients equal an independent program's", "[ops][recurrence]") {
  std::ifstream file(LONGHAUL_SOURCE_DIR "/tests/data/recurrence/cells.txt");
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    INFO(line);
    std::istringstream words(line);
    std::string word, cell;
    RecurrenceCase c{};
    words >> word >> cell >> c.B >> c.T >> c.N >> c.block;
    REQUIRE(word == "case");
    c.cell = cell == "tanh" ? Cell::tanh : cell == "gru" ? Cell::gru : Cell::lstm;
    Tensor u = next_tensor(file, "u", {c.B, c.T, c.gates() * c.N});
    Tensor R = next_tensor(file, "R", {c.gates(), c.N / c.block, c.block, c.block});
    const Tensor h = next_tensor(file, "h", {c.B, c.T, c.N});
    const Tensor du = next_tensor(file, "du", u.shape()), dR = next_tensor(file, "dR", R.shape());
    u.set_needs_grad(true);
    R.set_needs_grad(true);
    for (Solver solver : {Solver::sequential, Solver::newton, Solver::quasi_newton}) {
      Tape tape;
      const Tensor y = nonlinear_recurrence(u, R, with(c.cell, solver));
      tape.backward(sum_all(y));
      CHECK(max_difference(y, h) < 2e-6);
      CHECK(max_difference(gradient_of(u), du) < 2e-5);
      CHECK(max_difference(gradient_of(R), dR) < 2e-5);
      u.drop_grad();
      R.drop_grad();
    }
  }
  CHECK(cases == 9);
}

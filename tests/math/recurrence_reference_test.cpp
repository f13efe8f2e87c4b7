// Compares nonlinear_recurrence with tests/reference/recurrence/, which a NumPy program that shares
// no code with it has written (tests/reference/recurrence.py).
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/recurrence_case.h"
#include "tests/helpers/reference.h"

using namespace longhaul;

namespace {

Tensor gradient_of(const Tensor& x) {
  Tensor g(x.shape());
  std::copy_n(x.grad(), x.size(), g.data());
  return g;
}

}  // namespace

TEST_CASE("cells and their gradients equal an independent program's", "[ops][recurrence]") {
  for (Cell cell : kAllCells)
    for (const char* block : {"4", "2", "1"}) {
      const std::string folder = text("recurrence/", name_of(cell), "_block_", block, "/");
      INFO(folder);
      Tensor u = reference_array(folder + "u.npy"), R = reference_array(folder + "R.npy");
      u.set_needs_grad(true);
      R.set_needs_grad(true);
      for (Solver solver : {Solver::sequential, Solver::newton, Solver::quasi_newton}) {
        Tape tape;
        const Tensor h = nonlinear_recurrence(u, R, with(cell, solver));
        tape.backward(sum_all(h));
        CHECK(max_difference(h, reference_array(folder + "h.npy")) < 2e-6);
        CHECK(max_difference(gradient_of(u), reference_array(folder + "du.npy")) < 2e-5);
        CHECK(max_difference(gradient_of(R), reference_array(folder + "dR.npy")) < 2e-5);
        u.drop_grad();
        R.drop_grad();
      }
    }
}

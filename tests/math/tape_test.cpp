#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

TEST_CASE("tape: without one nothing is recorded", "[tape]") {
  Tensor x({2}, 1.0f);
  x.set_needs_grad(true);
  CHECK_FALSE(exp(x).needs_grad());
}

TEST_CASE("tape: inputs that need no gradient get none", "[tape]") {
  Tensor x({2}, 1.0f), c({2}, 3.0f);
  x.set_needs_grad(true);
  Tape tape;
  tape.backward(sum_all(add(x, exp(c))));
  CHECK(x.has_grad());
  CHECK_FALSE(c.has_grad());
}

TEST_CASE("tape: a chain of a million operators neither recurses nor keeps its activations",
          "[tape]") {
  Tensor x(Shape{1}, 1.0f);
  x.set_needs_grad(true);
  const int64_t before = live_bytes(Memory::activations);
  {
    Tape tape;
    Tensor y = x;
    for (int i = 0; i < 1000000; ++i) y = shift(y, 1e-6f);
    tape.backward(y);
    CHECK(x.grad()[0] == 1);
  }
  x.drop_grad();
  CHECK(live_bytes(Memory::activations) == before);
}

TEST_CASE("tape: parameters with a slot write to the tape's own array", "[tape]") {
  Tensor w(Shape{2}, 3.0f);
  w.set_needs_grad(true);
  w.bind_gradient_slot(1);
  float slots[3] = {0, 10, 0};
  {
    Tape tape(slots);
    tape.backward(sum_all(scale(w, 2)));
  }
  CHECK(slots[0] == 0);
  CHECK(slots[1] == 12);
  CHECK(slots[2] == 2);
  CHECK_FALSE(w.has_grad());
}

TEST_CASE("tape: backward wants one value", "[tape]") {
  Tape tape;
  CHECK_THROWS_WITH(tape.backward(Tensor({2})), "backward: the loss has shape (2), not one value");
}

TEST_CASE("memory: the second round of the same shapes asks nothing of the system", "[memory]") {
  const auto round = [] {
    Tape tape;
    Tensor x({100, 7}, 1.0f);
    x.set_needs_grad(true);
    tape.backward(sum_all(gelu(matmul(x, Tensor({7, 9}, 0.5f)))));
  };
  round();
  const int64_t before = system_requests();
  round();
#ifndef __SANITIZE_ADDRESS__
  CHECK(system_requests() == before);
#endif
}

TEST_CASE("memory: the high-water mark follows the kinds apart", "[memory]") {
  reset_peak_bytes();
  const int64_t live = live_bytes(Memory::optimizer);
  {
    const MemoryScope scope(Memory::optimizer);
    const Tensor x(Shape{1000});
    CHECK(live_bytes(Memory::optimizer) == live + 4000);
  }
  CHECK(live_bytes(Memory::optimizer) == live);
  CHECK(peak_bytes(Memory::optimizer) == live + 4000);
}

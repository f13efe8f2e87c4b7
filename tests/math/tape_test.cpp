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

namespace {

// What a reverse step captures: counts its copies that live, and throws when it is copied while
// `fragile`.
struct Captured {
  explicit Captured(int& alive) : alive(&alive) { ++alive; }
  Captured(const Captured& other) : alive(other.alive) {
    if (fragile) throw Error("cannot be copied");
    ++*alive;
  }
  ~Captured() { --*alive; }
  Captured& operator=(const Captured&) = delete;

  int* alive;
  static inline bool fragile = false;
};

// y = x, whose reverse step counts its runs, and throws if it shall.
Tensor step_of(Tensor& x, int& alive, int& runs, bool throws = false) {
  Tensor y = x.clone();
  const Captured captured(alive);
  record(y, {x}, [x, y, captured, &runs, throws] {
    ++runs;
    if (throws) throw Error("this step fails");
    x.grad()[0] += y.grad()[0];
  });
  return y;
}

}  // namespace

TEST_CASE("tape: a step that cannot be constructed leaves it as it was", "[tape]") {
  int alive = 0, runs = 0;
  Tensor x(Shape{1}, 1.0f);
  x.set_needs_grad(true);
  {
    Tape tape;
    Tensor y = step_of(x, alive, runs);
    const Captured captured(alive);
    const auto step = [captured, &runs] { ++runs; };
    Captured::fragile = true;
    CHECK_THROWS_WITH(record(y, {x}, step), "cannot be copied");
    Captured::fragile = false;
    tape.backward(step_of(y, alive, runs));
    CHECK(runs == 2);
    CHECK(x.grad()[0] == 1);
    CHECK(alive == 2);  // the two of this scope
  }
  CHECK(alive == 0);
}

TEST_CASE("tape: a step that throws is destroyed once, and so are those that did not run",
          "[tape]") {
  int alive = 0, runs = 0;
  Tensor x(Shape{1}, 1.0f);
  x.set_needs_grad(true);
  const int64_t before = live_bytes(Memory::activations);
  {
    Tape tape;
    Tensor first = step_of(x, alive, runs);
    Tensor second = step_of(first, alive, runs, true);
    CHECK_THROWS_WITH(tape.backward(step_of(second, alive, runs)), "this step fails");
    CHECK(runs == 2);
    CHECK(alive == 0);
    CHECK_FALSE(x.has_grad());

    tape.backward(step_of(x, alive, runs));  // it can be used again
    CHECK(runs == 3);
    CHECK(x.grad()[0] == 1);
  }
  CHECK(alive == 0);
  x.drop_grad();
  CHECK(live_bytes(Memory::activations) == before);
}

TEST_CASE("tape: a loss that needs no gradient gets none", "[tape]") {
  Tape tape;
  const Tensor loss = sum_all(Tensor({2}, 1.0f));
  tape.backward(loss);
  CHECK_FALSE(loss.has_grad());
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
  [[maybe_unused]] const int64_t before = system_requests();
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


#include <limits>

#include "longhaul/gradient_check.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;

// y = 3 x with a reverse step that says `slope`.
Tensor triple(const Tensor& x, float slope) {
  Tensor y = scale(x.clone(), 3);
  record(y, {x}, [=] {
    for (int64_t i = 0; i < x.size(); ++i) x.grad()[i] += slope * y.grad()[i];
  });
  return y;
}

}  // namespace

TEST_CASE("gradient_fault: a right reverse step has none", "[ops][plugin]") {
  for (int64_t n : {0, 1, 2, 7}) {
    const Tensor x = random_tensor({n}, 1);
    CHECK(gradient_fault([](const Inputs& in) { return triple(in[0], 3); }, {x}) == "");
    CHECK(!x.needs_grad());
  }
}

TEST_CASE("gradient_fault: a wrong one is named with its input and both numbers", "[ops][plugin]") {
  using Catch::Matchers::Contains;
  const Tensor x = random_tensor({2, 3}, 1);
  const auto second = [](const Inputs& in) { return add(in[0], triple(in[1], 2)); };
  const std::string fault = gradient_fault(second, {x, x});
  CHECK_THAT(fault, Contains("input 1, element ") && Contains(" of (2, 3): the tape says ") &&
                        Contains(", finite differences "));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(gradient_fault([=](const Inputs& in) { return triple(in[0], nan); }, {x}),
             Contains("the tape says nan"));
}

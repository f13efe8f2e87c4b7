#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/panels.h"
#include "math/meter.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

constexpr int64_t kPanel = Panels::kWhole;

Tensor one_by_one(const Tensor& x, const Tensor& up, const Tensor& gate, const Tensor& down) {
  return matmul(gated_silu(matmul(x, up), matmul(x, gate)), down);
}

struct Pass {
  Tensor y;
  std::vector<Tensor> gradients;  // of x and the weights; undefined where none arrived
  int64_t flops;
};

// x goes through `mlp` and around it, so that its gradient has two parts.
template <class F>
Pass train(F mlp, std::vector<Tensor> inputs, int frozen) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = inputs[i].clone();
    inputs[i].set_needs_grad(static_cast<int>(i) != frozen);
  }
  Measurement measured;
  const Meter meter(measured);
  Pass pass;
  Tape tape;
  pass.y = mlp(inputs[0], inputs[1], inputs[2], inputs[3]);
  const Tensor around = sum_all(scale(inputs[0], 0.5f));
  tape.backward(add(sum_all(mul(pass.y, random_tensor(pass.y.shape(), 9))), around));
  for (const Tensor& input : inputs) {
    Tensor gradient;
    if (input.has_grad()) {
      gradient = Tensor::empty(input.shape());
      std::copy_n(input.grad(), input.size(), gradient.data());
    }
    pass.gradients.push_back(gradient);
  }
  pass.flops = measured.flops;
  return pass;
}

}  // namespace

TEST_CASE("gated_mlp has the right gradient at small and odd sizes", "[ops]") {
  for (auto [rows, in, hidden, out] :
       {std::tuple{0, 2, 3, 2}, {1, 1, 1, 1}, {2, 3, 5, 2}, {7, 5, 3, 4}}) {
    INFO(rows << " rows");
    check_gradient([](const auto& v) { return gated_mlp(v[0], v[1], v[2], v[3]); },
                   {random_tensor({rows, in}, 1), random_tensor({in, hidden}, 2),
                    random_tensor({in, hidden}, 3), random_tensor({hidden, out}, 4)});
  }
}

TEST_CASE("gated_mlp in blocks equals its operators one by one", "[ops]") {
  // Around a block of 64 rows, and many of them.
  for (int64_t rows : {63, 64, 65, 645})
    for (int frozen : {-1, 0, 1, 3}) {
      INFO(rows << " rows, input " << frozen << " without a gradient");
      const std::vector<Tensor> inputs{random_tensor({1, rows, kPanel}, 1),
                                       random_tensor({kPanel, 3 * kPanel}, 2, -0.2f, 0.2f),
                                       random_tensor({kPanel, 3 * kPanel}, 3, -0.2f, 0.2f),
                                       random_tensor({3 * kPanel, 2 * kPanel}, 4, -0.2f, 0.2f)};
      const Pass blocks = train(gated_mlp, inputs, frozen);
      const Pass single = train(one_by_one, inputs, frozen);
      CHECK(blocks.y.shape() == Shape{1, rows, 2 * kPanel});
      CHECK(max_difference(blocks.y, single.y) < 1e-5);
      CHECK(blocks.flops == single.flops);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        INFO("gradient " << i);
        REQUIRE(blocks.gradients[i].defined() == single.gradients[i].defined());
        if (single.gradients[i].defined())
          CHECK(max_difference(blocks.gradients[i], single.gradients[i]) < 1e-4);
      }
    }
}

TEST_CASE("gated_mlp refuses weights that do not fit", "[ops]") {
  CHECK_THROWS_AS(gated_mlp(Tensor({2, 3}), Tensor({3, 4}), Tensor({3, 5}), Tensor({4, 3})), Error);
  CHECK_THROWS_AS(gated_mlp(Tensor({2, 3}), Tensor({2, 4}), Tensor({2, 4}), Tensor({4, 3})), Error);
}

#include <cmath>

#include "longhaul/error.h"
#include "longhaul/recurrences.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/results.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Case {
  int64_t B, T, H, d, dv;
};

// q, k, v, a, b, log_decay; a and b small enough that no state explodes.
std::vector<Tensor> inputs(const Case& c, float weakest = -0.5f) {
  const Shape keys{c.B, c.T, c.H * c.d};
  return {random_tensor(keys, 1),
          random_tensor(keys, 2),
          random_tensor({c.B, c.T, c.H * c.dv}, 3),
          random_tensor(keys, 4, -0.4f, 0.4f),
          random_tensor(keys, 5, -0.4f, 0.4f),
          random_tensor(keys, 6, weakest, 0)};
}

TensorFunction operation(int64_t heads) {
  return [=](const auto& x) { return dplr_scan(x[0], x[1], x[2], x[3], x[4], x[5], heads); };
}

// The recurrence, position by position, in double.
Tensor naive(const std::vector<Tensor>& x, const Case& c) {
  Tensor y(x[2].shape());
  for (int64_t head = 0; head < c.B * c.H; ++head) {
    std::vector<double> S(static_cast<std::size_t>(c.d * c.dv));
    for (int64_t t = 0; t < c.T; ++t) {
      const int64_t row = (head / c.H * c.T + t) * c.H + head % c.H;
      const auto key = [&](int which, int64_t i) { return double{x[which].data()[row * c.d + i]}; };
      for (int64_t e = 0; e < c.dv; ++e) {
        double found = 0, out = 0;
        for (int64_t i = 0; i < c.d; ++i) found += key(3, i) * S[i * c.dv + e];
        for (int64_t i = 0; i < c.d; ++i) {
          double& s = S[i * c.dv + e];
          s = std::exp(key(5, i)) * s + key(4, i) * found +
              key(1, i) * double{x[2].data()[row * c.dv + e]};
          out += key(0, i) * s;
        }
        y.data()[row * c.dv + e] = static_cast<float>(out);
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE("dplr_scan equals its recurrence at every width and length", "[ops][dplr_scan]") {
  const LaneScope lane;
  for (auto [d, dv] : {std::pair{1, 1}, {3, 5}, {16, 16}, {8, 40}})
    for (int64_t T : {0, 1, 15, 16, 17, 70}) {
      const Case c{2, T, 2, d, dv};
      INFO("widths " << d << " " << dv << ", length " << T);
      const auto in = inputs(c);
      const Tensor expected = naive(in, c);
      double largest = 1;
      for (int64_t i = 0; i < expected.size(); ++i)
        largest = std::max(largest, std::abs(double{expected.data()[i]}));
      CHECK(max_difference(operation(2)(in), expected) < 1e-5 * largest);
    }
}

TEST_CASE("dplr_scan has the gradient of finite differences", "[ops][dplr_scan]") {
  const LaneScope lane;
  for (const Case& c : {Case{1, 1, 1, 3, 3}, Case{2, 7, 2, 3, 4}, Case{1, 18, 1, 2, 17},
                        Case{1, 35, 1, 2, 2}, Case{0, 3, 2, 2, 3}}) {
    INFO(c.T << " positions, widths " << c.d << " " << c.dv);
    check_gradient(operation(c.H), inputs(c));
  }
  check_gradient(operation(1), inputs({1, 9, 1, 2, 2}, -30));
}

TEST_CASE("dplr_scan gives a gradient to the inputs that need one and no other",
          "[ops][dplr_scan]") {
  const LaneScope lane;
  for (std::size_t wanted = 0; wanted < 6; ++wanted) {
    const std::vector<Tensor> all = inputs({1, 6, 2, 2, 2});
    check_gradient(
        [&](const auto& x) {
          std::vector<Tensor> now = all;
          now[wanted] = x[0];
          return operation(2)(now);
        },
        {all[wanted]});
    for (std::size_t other = 0; other < 6; ++other)
      CHECK((other == wanted || !all[other].has_grad()));
  }
  check_gradient([](const auto& x) { return dplr_scan(x[0], x[0], x[0], x[0], x[0], x[0], 2); },
                 {random_tensor({2, 9, 4}, 1, -0.5f, -0.1f)});
}

TEST_CASE("dplr_scan has the same bits for any number of threads", "[ops][dplr_scan]") {
  const auto run = [] { return value_and_gradients(operation(3), inputs({2, 50, 3, 8, 20})); };
  CHECK(largest_difference(with_threads(2, run), with_threads(1, run)) == 0);
}

TEST_CASE("dplr_scan names what does not fit", "[ops][dplr_scan]") {
  const Tensor x({2, 5, 8});
  CHECK_THROWS_AS(dplr_scan(x, x, x, x, x, x, 3), Error);
  CHECK_THROWS_AS(dplr_scan(x, x, x, x, x, Tensor({2, 5, 2}), 2), Error);
}

TEST_CASE("running_max is the largest exponent of a sum of products so far", "[ops]") {
  const Tensor a = Tensor::from({1, 4, 1}, {-9, -1, -1, -5}),
               b = Tensor::from({1, 4, 1}, {3, 1, 4, 0});
  CHECK(max_difference(running_max(a, b), Tensor::from({1, 4, 1}, {3, 2, 4, 0})) == 0);
  CHECK_THROWS_AS(running_max(a, Tensor({1, 4, 2})), Error);
}

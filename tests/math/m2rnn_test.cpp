#include <cmath>

#include "longhaul/error.h"
#include "longhaul/recurrences.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/results.h"

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

TensorFunction operation(int64_t heads) {
  return [=](const auto& x) { return m2rnn_recurrence(x[0], x[1], x[2], x[3], x[4], heads); };
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

TEST_CASE("m2rnn_recurrence has the same bits for any number of threads", "[ops][m2rnn]") {
  const auto run = [] { return value_and_gradients(operation(2), inputs({3, 30, 2, 8, 4})); };
  const int before = threads();
  set_threads(1);
  const std::vector<Tensor> one = run();
  set_threads(2);
  CHECK(largest_difference(run(), one) == 0);
  set_threads(before);
}

TEST_CASE("m2rnn_recurrence names what does not fit", "[ops][m2rnn]") {
  const Tensor x({2, 5, 8});
  CHECK_THROWS_AS(m2rnn_recurrence(x, x, x, Tensor({2, 5, 2}), Tensor({2, 3, 3}), 2), Error);
}

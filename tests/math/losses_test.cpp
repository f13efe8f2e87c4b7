
#include <cmath>

#include "longhaul/batch.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/tape.h"
#include "math/meter.h"
#include "math/ops/losses.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;
using Targets = std::vector<int32_t>;

struct Case {
  Shape logits;
  Targets targets;
};
const Case kCases[] = {{{0, 3}, {}}, {{1, 1}, {0}}, {{2, 2}, {1, kIgnore}}, {{3, 7}, {6, 0, 3}}};

double probability(const Tensor& logits, int64_t row, int64_t of) {
  const int64_t C = logits.dim(1);
  double total = 0;
  for (int64_t c = 0; c < C; ++c) total += std::exp(double{logits.data()[row * C + c]});
  return std::exp(double{logits.data()[row * C + of]}) / total;
}

// The sum over scored rows of a function of p_t.
template <class F>
double naive(const Tensor& logits, const Targets& targets, F f) {
  double sum = 0;
  for (std::size_t n = 0; n < targets.size(); ++n)
    if (targets[n] != kIgnore) sum += f(probability(logits, n, targets[n]));
  return sum;
}

double cosine(const Tensor& heads, int64_t i, int64_t j) {
  double dot = 0, a = 0, b = 0;
  for (int64_t d = 0; d < heads.dim(0); ++d) {
    const double x = heads.data()[d * heads.dim(1) + i], y = heads.data()[d * heads.dim(1) + j];
    dot += x * y;
    a += x * x;
    b += y * y;
  }
  return dot / std::sqrt(a * b);
}

std::vector<float> gradient_of(const TensorFunction& loss, const Tensor& at) {
  Tensor x = at.clone();
  x.set_needs_grad(true);
  Tape tape;
  tape.backward(loss({x}));
  return {x.grad(), x.grad() + x.size()};
}

}  // namespace

TEST_CASE("smooth_accuracy_loss is the expected error, tailr_loss its way from cross entropy",
          "[losses]") {
  for (const auto& [shape, targets] : kCases) {
    const Tensor logits = random_tensor(shape, 1, -2, 2);
    const auto check = [&](const TensorFunction& loss, double expected) {
      CHECK(loss({logits}).item() == Approx(0.5 * expected).margin(1e-6));
      check_gradient(loss, {logits});
    };
    check([&, &targets =
                  targets](const Inputs& in) { return smooth_accuracy_loss(in[0], targets, 0.5f); },
          naive(logits, targets, [](double p) { return 1 - p; }));
    check([&,
           &targets = targets](const Inputs& in) { return tailr_loss(in[0], targets, 0.25, 0.5f); },
          naive(logits, targets, [](double p) { return -std::log(0.25 + 0.75 * p) / 0.75; }));
    CHECK(tailr_loss(logits, targets, 0).item() == cross_entropy(logits, targets).item());
    CHECK(tailr_loss(logits, targets, 1).item() == smooth_accuracy_loss(logits, targets).item());
  }
}

TEST_CASE("a row that the model thinks impossible pulls at neither loss", "[losses]") {
  const Tensor logits = Tensor::from({1, 2}, {200, 0});
  for (const float slope :
       gradient_of([](const Inputs& in) { return tailr_loss(in[0], {1}, 0.1); }, logits))
    CHECK(slope == 0);
  CHECK(smooth_accuracy_loss(logits, {1}).item() == 1);
}

TEST_CASE("emo_loss is the expected cosine distance of a class to the target", "[losses]") {
  for (const auto& [shape, targets] : kCases) {
    const Tensor logits = random_tensor(shape, 1, -2, 2), heads = random_tensor({5, shape[1]}, 2);
    double expected = 0;
    for (std::size_t n = 0; n < targets.size(); ++n)
      if (targets[n] != kIgnore)
        for (int64_t c = 0; c < shape[1]; ++c)
          expected += probability(logits, n, c) * (1 - cosine(heads, c, targets[n]));
    const Tensor directions = unit_columns(heads);
    const auto loss = [&, &targets = targets](const Inputs& in) {
      return emo_loss(in[0], targets, directions, false, 0.5f);
    };
    CHECK(loss({logits}).item() == Approx(0.5 * expected).margin(1e-6));
    check_gradient(loss, {logits});
  }
}

TEST_CASE("emo_loss over orthogonal classes is the expected error", "[losses]") {
  const Tensor logits = random_tensor({3, 4}, 1, -2, 2);
  Tensor identity({4, 4});
  for (int64_t i = 0; i < 4; ++i) identity.data()[i * 5] = 1;
  CHECK(emo_loss(logits, {2, 0, 3}, identity, false).item() ==
        Approx(smooth_accuracy_loss(logits, {2, 0, 3}).item()));
}

TEST_CASE("emo_loss mixed with cross entropy scales EMO to it, row by row", "[losses]") {
  const Tensor logits = random_tensor({3, 7}, 1, -2, 2);
  const Tensor directions = unit_columns(random_tensor({5, 7}, 2));
  const Targets targets = {6, kIgnore, 3};
  const auto gradient = [&](auto f) {
    return gradient_of([&](const Inputs& in) { return f(in[0]); }, logits);
  };
  const auto mixed =
      gradient([&](const Tensor& x) { return emo_loss(x, targets, directions, true); });
  const auto ce = gradient([&](const Tensor& x) { return cross_entropy(x, targets); });
  const auto emo =
      gradient([&](const Tensor& x) { return emo_loss(x, targets, directions, false); });
  for (int64_t n : {0, 1, 2}) {
    Targets alone(3, kIgnore);
    alone[n] = targets[n];
    const float row_ce = cross_entropy(logits, alone).item();
    const float row_emo = emo_loss(logits, alone, directions, false).item();
    const float ratio = row_emo > 0 ? row_ce / row_emo : 0;
    for (int64_t i = n * 7; i < n * 7 + 7; ++i)
      CHECK(mixed[i] == Approx(0.5f * (ce[i] + ratio * emo[i])).margin(1e-6));
  }
  CHECK(emo_loss(logits, targets, directions, true).item() ==
        Approx(cross_entropy(logits, targets).item()));
}

TEST_CASE("emo_loss never forms the costs of all pairs of classes", "[losses]") {
  const int64_t N = 2, D = 3, C = 10000;
  Measurement measured;
  {
    const Meter meter(measured);
    emo_loss(random_tensor({N, C}, 1), {0, 9999}, unit_columns(random_tensor({D, C}, 2)), false);
  }
  CHECK(measured.flops == 2 * N * D * C);
}

TEST_CASE("the losses refuse what does not fit", "[losses]") {
  CHECK_THROWS_WITH(smooth_accuracy_loss(Tensor({2, 3}), {0, 3}),
                    "smooth_accuracy_loss: target 3 outside [0, 3)");
  CHECK_THROWS_WITH(tailr_loss(Tensor({2, 3}), {0, 1}, 1.5),
                    "tailr_loss: gamma 1.5 outside [0, 1]");
  CHECK_THROWS_WITH(emo_loss(Tensor({2, 3}), {0, 1}, Tensor({4, 2}), true),
                    "emo_loss: directions (4, 2) for logits (2, 3)");
}

TEST_CASE("smoothed_cross_entropy: the answer is spread over all classes", "[ops]") {
  for (const Case& shape : kCases)
    for (const double smoothing : {0.0, 0.1, 1.0}) {
      const Tensor logits = random_tensor(shape.logits, 1, -3, 3);
      const int64_t C = logits.dim(1);
      double expected = 0;
      for (std::size_t n = 0; n < shape.targets.size(); ++n)
        for (int64_t c = 0; c < C && shape.targets[n] != kIgnore; ++c) {
          const double share =
              smoothing / static_cast<double>(C) + (c == shape.targets[n] ? 1 - smoothing : 0);
          expected -= share * std::log(probability(logits, static_cast<int64_t>(n), c));
        }
      const auto loss = [&](const Inputs& in) {
        return smoothed_cross_entropy(in[0], shape.targets, smoothing, 0.25f);
      };
      CHECK(loss({logits}).item() == Approx(0.25 * expected).margin(1e-6));
      check_gradient(loss, {logits});
    }
  CHECK_THROWS_WITH(smoothed_cross_entropy(Tensor({1, 2}), {0}, 1.5),
                    "smoothed_cross_entropy: smoothing 1.5 outside [0, 1]");
}

TEST_CASE("squared_error is the mean over an answer's numbers, summed over rows", "[losses]") {
  for (const Shape& shape : {Shape{0, 2}, Shape{1, 1}, Shape{3, 2}, Shape{2, 17}}) {
    const Tensor outputs = random_tensor(shape, 1, -2, 2), given = random_tensor(shape, 2, -2, 2);
    const std::vector<float> answers(given.data(), given.data() + given.size());
    double sum = 0;
    for (std::size_t i = 0; i < answers.size(); ++i)
      sum += std::pow(double{outputs.data()[i]} - answers[i], 2) / static_cast<double>(shape[1]);
    const TensorFunction loss = [&](const Inputs& x) { return squared_error(x[0], answers, 0.5); };
    CHECK(loss({outputs}).item() == Approx(0.5 * sum).margin(1e-6));
    check_gradient(loss, {outputs});
  }
  CHECK_THROWS_WITH(squared_error(Tensor({2, 2}), {1, 2, 3}),
                    "squared_error: 3 numbers for outputs (2, 2)");
}

#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/tape.h"
#include "math/optimizer.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;

Tensor fresh_statistics(int64_t width) {
  Tensor values({2 * width + 1});
  for (int64_t d = 0; d < width; ++d) values.data()[width + d] = 1;
  return values;
}

const Lengths kLengths = {4, 1, 3};

// Of the real positions of a channel.
struct Moments {
  double count = 0, mean = 0, variance = 0;
};
Moments moments(const Tensor& x, int64_t channel) {
  const int64_t T = x.dim(1), D = x.dim(2);
  Moments m;
  std::vector<double> values;
  for (std::size_t b = 0; b < kLengths.size(); ++b)
    for (int64_t t = 0; t < kLengths[b]; ++t)
      values.push_back(x.data()[(static_cast<int64_t>(b) * T + t) * D + channel]);
  m.count = static_cast<double>(values.size());
  for (const double v : values) m.mean += v / m.count;
  for (const double v : values) m.variance += (v - m.mean) * (v - m.mean) / m.count;
  return m;
}

}  // namespace

TEST_CASE("batch_norm: in training each channel is normed over its real positions", "[ops]") {
  const Tensor x = random_tensor({3, 4, 2}, 1, -2, 5), gain = random_tensor({2}, 2),
               bias = random_tensor({2}, 3);
  const Tensor y = batch_norm(x, gain, bias, fresh_statistics(2), kLengths, true);
  for (int64_t d = 0; d < 2; ++d) {
    const Moments m = moments(x, d);
    for (std::size_t b = 0; b < kLengths.size(); ++b)
      for (int64_t t = 0; t < kLengths[b]; ++t) {
        const int64_t at = (static_cast<int64_t>(b) * 4 + t) * 2 + d;
        const double n = (double{x.data()[at]} - m.mean) / std::sqrt(m.variance + 1e-5);
        CHECK(y.data()[at] == Approx(n * double{gain.data()[d]} + double{bias.data()[d]}));
      }
  }
  Tensor mask({3, 4, 2});  // what padding yields does not matter
  for (std::size_t b = 0; b < kLengths.size(); ++b)
    for (int64_t t = 0; t < kLengths[b]; ++t)
      for (int64_t d = 0; d < 2; ++d)
        mask.data()[(static_cast<int64_t>(b) * 4 + t) * 2 + d] = static_cast<float>(1 + t + d);
  check_gradient(
      [&](const Inputs& in) {
        return batch_norm(in[0], in[1], in[2], fresh_statistics(2), kLengths, true) * mask;
      },
      {x, gain, bias});
}

TEST_CASE("batch_norm: running statistics follow those of the whole step", "[ops]") {
  const Tensor x = random_tensor({3, 4, 2}, 1, -2, 5), gain = random_tensor({2}, 2),
               bias = random_tensor({2}, 3);
  Tensor statistics = fresh_statistics(2);
  statistics.set_needs_grad(true);
  Parameter parameter{.name = "s", .value = statistics, .group = {}, .is_statistics = true};
  const std::vector<Parameter> parameters = {parameter, {"gain", gain, {}}};
  const std::vector<int64_t> offsets = gradient_layout(parameters);
  CHECK(offsets == std::vector<int64_t>{16, 0, 32});  // statistics stand last
  CHECK(end_of_trained(parameters, offsets) == 16);
  std::vector<float> gradient(32);
  {
    Tape tape(gradient.data());
    tape.backward(sum_all(batch_norm(x, gain, bias, statistics, kLengths, true)));
  }
  Optimizer optimizer(parameters, offsets, {.weight_decay = 1});
  optimizer.step(gradient.data(), 0.001, 0.1);  // clipping changes nothing
  for (int64_t d = 0; d < 2; ++d) {
    const Moments m = moments(x, d);
    CHECK(statistics.data()[d] == Approx(0.1 * m.mean));
    CHECK(statistics.data()[2 + d] == Approx(0.9 + 0.1 * m.variance));
  }
  const Tensor row = random_tensor({1, 2}, 4);
  const Tensor y = batch_norm(row, gain, bias, statistics, {}, false);
  for (int64_t d = 0; d < 2; ++d) {
    const double n = (double{row.data()[d]} - double{statistics.data()[d]}) /
                     std::sqrt(double{statistics.data()[2 + d]} + 1e-5);
    CHECK(y.data()[d] == Approx(n * double{gain.data()[d]} + double{bias.data()[d]}));
  }
}

TEST_CASE("batch_norm refuses what does not fit", "[ops]") {
  CHECK_THROWS_WITH(
      batch_norm(Tensor({1, 2, 3}), Tensor({2}), Tensor({2}), fresh_statistics(2), {2}, true),
      Catch::Matchers::StartsWith("batch_norm: gain (2)"));
  CHECK_THROWS_WITH(
      batch_norm(Tensor({1, 2, 3}), Tensor({3}), Tensor({3}), fresh_statistics(3), {2, 1}, true),
      "batch_norm: 2 lengths for shape (1, 2, 3), expected [batch, length, width]");
}

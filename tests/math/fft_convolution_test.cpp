#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;

struct Case {
  int64_t batch, length, width, taps;
};
// An odd batch leaves a row without a partner; a filter may be longer than its input.
const Case kCases[] = {{1, 1, 1, 1}, {2, 5, 3, 5}, {3, 7, 2, 4}, {1, 33, 2, 40}, {4, 16, 1, 16}};

}  // namespace

TEST_CASE("fft_convolution is the causal convolution, with its gradients", "[ops]") {
  for (const Case& c : kCases) {
    const Tensor x = random_tensor({c.batch, c.length, c.width}, 1);
    const Tensor w = random_tensor({c.taps, c.width}, 2);
    CHECK(max_difference(fft_convolution(x, w), causal_conv(x, w)) < 1e-5);
    check_gradient([](const Inputs& in) { return fft_convolution(in[0], in[1]); }, {x, w});
  }
}

TEST_CASE("fft_convolution: later values reach no earlier ones", "[ops]") {
  const Tensor w = random_tensor({50, 2}, 2);
  Tensor x = random_tensor({2, 50, 2}, 1);
  const Tensor before = slice(fft_convolution(x, w), 1, 0, 30);
  for (int64_t i = 30 * 2; i < 50 * 2; ++i) x.data()[i] += 1000;
  CHECK(max_difference(slice(fft_convolution(x, w), 1, 0, 30), before) < 1e-5);
}

TEST_CASE("fft_convolution: the same bits on one thread and on four", "[ops]") {
  const Tensor x = random_tensor({3, 40, 6}, 1), w = random_tensor({40, 6}, 2);
  const auto run = [&] { return fft_convolution(x, w); };
  CHECK(max_difference(with_threads(4, run), with_threads(1, run)) == 0);
}

TEST_CASE("fft_convolution takes empty inputs and refuses what does not fit", "[ops]") {
  CHECK(fft_convolution(Tensor({0, 3, 2}), Tensor({4, 2})).shape() == Shape{0, 3, 2});
  CHECK(fft_convolution(Tensor({2, 0, 2}), Tensor({4, 2})).shape() == Shape{2, 0, 2});
  CHECK_THROWS_WITH(fft_convolution(Tensor({2, 3, 2}), Tensor({4, 3})),
                    "fft_convolution: x (2, 3, 2) and w (4, 3), expected [batch, length, width] "
                    "and [taps, width]");
}

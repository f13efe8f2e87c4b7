// What threads share inside a lane has the same bits for any number of them.
#include <algorithm>
#include <functional>
#include <vector>

#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "longhaul/tape.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

using In = const std::vector<Tensor>&;

// The value and the gradients of all inputs, one after another.
std::vector<float> bits(const std::vector<Tensor>& inputs,
                        const std::function<Tensor(In)>& operation) {
  const LaneScope lane(LaneThreads::all);
  std::vector<Tensor> own;
  for (const Tensor& input : inputs) {
    own.push_back(input.clone());
    own.back().set_needs_grad(true);
  }
  Tape tape;
  const Tensor y = operation(own);
  std::vector<float> all(y.data(), y.data() + y.size());
  tape.backward(sum_all(y * random_tensor(y.shape(), 99)));
  for (const Tensor& input : own) all.insert(all.end(), input.grad(), input.grad() + input.size());
  return all;
}

void check_bits(const std::vector<Shape>& shapes, const std::function<Tensor(In)>& operation,
                float low = -1) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    inputs.push_back(random_tensor(shapes[i], i + 1, low, 1));
  std::vector<std::vector<float>> of;
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    of.push_back(bits(inputs, operation));
  }
  CHECK(std::ranges::equal(of[0], of[1]));
  CHECK(std::ranges::equal(of[0], of[2]));
}

constexpr int64_t kT = 1500;  // enough that every operator is split

}  // namespace

TEST_CASE("threads in a lane: products by rows and by columns", "[parallel][split]") {
  check_bits({{kT, 40}, {40, 56}}, [](In x) { return matmul(x[0], x[1]); });
  check_bits({{kT, 40}, {56, 40}}, [](In x) { return matmul(x[0], x[1], false, true); });
  check_bits({{kT, 40}, {kT, 56}}, [](In x) { return matmul(x[0], x[1], true); });
  check_bits({{5, 300, 40}, {5, 40, 24}}, [](In x) { return matmul(x[0], x[1]); });
  check_bits({{kT, 64}, {64, 128}, {64, 128}, {128, 64}},
             [](In x) { return gated_mlp(x[0], x[1], x[2], x[3]); });
}

TEST_CASE("threads in a lane: broadcasts, whichever axis repeats", "[parallel][split]") {
  const Shape whole{2, kT, 40};
  for (const Shape& other : {whole, Shape{40}, Shape{kT, 40}, Shape{2, kT, 1}, Shape{kT, 1},
                             Shape{2, 1, 40}, Shape{1}}) {
    INFO(other);
    check_bits({whole, other}, [](In x) { return mul(x[0], x[1]); });
    check_bits({other, whole}, [](In x) { return sub(x[0], x[1]); });
  }
}

TEST_CASE("threads in a lane: norms, convolution, embedding and pooling", "[parallel][split]") {
  check_bits({{kT, 40}, {40}, {40}}, [](In x) { return layer_norm(x[0], x[1], x[2]); });
  check_bits({{kT, 40}, {40}}, [](In x) { return rms_norm(x[0], x[1]); });
  check_bits({{2, kT, 40}, {4, 40}}, [](In x) { return causal_conv(x[0], x[1]); });
  check_bits({{7, 40}}, [](In x) {
    std::vector<int32_t> ids(kT);
    for (int64_t i = 0; i < kT; ++i) ids[i] = static_cast<int32_t>(i * i % 7);
    return embedding(x[0], ids, {kT});
  });
  check_bits({{2, kT, 40}}, [](In x) { return pool_mean(x[0], {kT - 7, kT}); });
  check_bits({{2, kT, 40}}, [](In x) { return rope(x[0], 2); });
}

TEST_CASE("threads in a lane: sums, softmax, losses and moves", "[parallel][split]") {
  check_bits({{kT, 40}}, [](In x) { return softmax(x[0]); });
  check_bits({{kT, 3, 40}}, [](In x) { return sum(x[0], 1); });
  check_bits({{kT, 40}}, [](In x) { return sum(x[0], 1); });
  check_bits({{kT, 40}}, [](In x) {
    std::vector<int32_t> targets(kT, kIgnore);
    for (int64_t i = 0; i < kT; i += 2) targets[i] = static_cast<int32_t>(i % 40);
    return cross_entropy(x[0], targets, 0.1f);
  });
  check_bits({{2, kT, 3, 10}}, [](In x) { return permute(x[0], {0, 2, 1, 3}); });
  check_bits({{2, kT, 40}}, [](In x) { return slice(x[0], 2, 3, 37); });
  check_bits({{2, kT, 40}, {2, kT, 8}}, [](In x) { return concat({x[0], x[1]}, 2); });
  check_bits({{2, kT, 20}}, [](In x) { return repeat(x[0], 1, 3); });
}

TEST_CASE("threads in a lane: scans by channels", "[parallel][split]") {
  check_bits({{80}, {2, kT, 80}}, [](In x) { return complex_scan(scale(x[0], 0.6f), x[1]); });
  check_bits(
      {{2, kT, 40}, {2, kT, 40}}, [](In x) { return gated_scan(x[0], x[1]); }, 0);
  check_bits(
      {{40}, {1, kT, 40}}, [](In x) { return gated_scan(x[0], x[1]); }, 0);
  check_bits(
      {{1, kT, 72}, {1, kT, 72}, {4, 72}, {1, kT, 4}, {1, kT, 4}},
      [](In x) { return selective_scan(x[0], x[1], scale(x[2], -1), x[3], x[4]); }, 0.1f);
  check_bits(
      {{40}, {40}, {1, kT, 40}, {1, kT, 40}}, [](In x) { return wkv(x[0], x[1], x[2], x[3]); },
      0.1f);
}

TEST_CASE("threads in a lane: recurrences and their parallel solvers", "[parallel][split]") {
  for (const Solver solver : {Solver::sequential, Solver::newton, Solver::quasi_newton,
                              Solver::first_order, Solver::fixed_a, Solver::elk})
    for (const int64_t block : {1, 4}) {
      INFO(static_cast<int>(solver) << " in blocks of " << block);
      RecurrenceSpec spec;
      spec.cell = Cell::gru;
      spec.solver = solver;
      check_bits({{1, kT, 120}, {3, 40 / block, block, block}},
                 [&](In x) { return nonlinear_recurrence(x[0], scale(x[1], 0.5f), spec); });
    }
}

TEST_CASE("threads in a lane: a part that throws is heard", "[parallel][split]") {
  const Threads threads(3);
  const LaneScope lane(LaneThreads::all);
  CHECK(has_threads());
  CHECK_THROWS_WITH(embedding(Tensor({7, 40}), std::vector<int32_t>(kT, 7), {kT}),
                    "embedding: id 7 outside [0, 7)");
  parallel_for(2, 1, [](int64_t, int64_t) { CHECK_FALSE(has_threads()); });
  CHECK(has_threads());
}

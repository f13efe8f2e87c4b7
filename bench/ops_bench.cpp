// Operators as a lane runs them: one thread, 4 sequences of length 256, forward and backward.
//
//   fma_peak             the machine's own peak of one thread, the best of 200 bursts
//   mlp_stack/D/layers   rms_norm, gated MLP of twice the width, residual; width D, so many layers
//   mlp_products/D       the matrix products of one such layer alone
//   gated_silu/D         x * silu(gate), 1024 rows of D
//   rms_norm/D           1024 rows of D
//   layer_norm/D         1024 rows of D
//   residual/D           two residual additions in a row, 1024 rows of D
//   embedding/D          1024 tokens of a vocabulary of 64
//   cross_entropy/C      1024 rows of C classes
//
// GFLOP/s count the operations of the matrix products alone. of_peak is their share of the FMA peak
// at the clock of the moment: bursts of multiply-adds follow every iteration, and the median of
// their ratios counts (under products a processor clocks lower than in fma_peak).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "longhaul/ops.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "math/peak.h"
#include "support/clock.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

constexpr int64_t kBatch = 4, kLength = 256, kRows = kBatch * kLength;

Tensor random_values(const Shape& shape, double deviation) {
  static uint64_t index = 0;
  Rng rng(1, "bench", index++);
  Tensor x = Tensor::empty(shape);
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(deviation * rng.normal());
  return x;
}

// Parameters of one benchmark, with their part of the lane's gradient array.
class Parameters {
 public:
  Tensor add(const Shape& shape, double deviation) {
    Tensor x = random_values(shape, deviation);
    x.set_needs_grad(true);
    x.bind_gradient_slot(used_);
    used_ += x.size();
    return x;
  }
  float* gradient() { return gradient_.data(); }

 private:
  int64_t used_ = 0;
  std::vector<float> gradient_ =
      std::vector<float>(std::size_t{1} << 20);  // enough for every benchmark
};

// Times `forward`, which yields a scalar loss, and its reverse pass, as a lane runs them.
template <class Forward>
void train(benchmark::State& state, Parameters& parameters, Forward forward) {
  const LaneScope lane;
  std::vector<double> gflops, of_peak;
  for (auto _ : state) {
    Measurement measured;
    const Meter meter(measured);
    const Stopwatch watch;
    {
      Tape tape(parameters.gradient());
      tape.backward(forward());
    }
    const double seconds = watch.seconds();
    state.SetIterationTime(seconds);
    gflops.push_back(1e-9 * static_cast<double>(measured.flops) / seconds);
    fma_gflops();  // the first burst after other work is 8% slower than those that follow
    of_peak.push_back(gflops.back() / fma_gflops());
  }
  if (median(gflops) == 0) return;
  state.counters["GFLOP/s"] = median(gflops);
  state.counters["of_peak"] = median(of_peak);
}

// One activation [4, 256, D] that wants a gradient, as if a layer had made it.
Tensor activation(int64_t width) {
  Tensor x = random_values({kBatch, kLength, width}, 1);
  x.set_needs_grad(true);
  return x;
}

void fma_peak(benchmark::State& state) {
  double gflops = 0;
  for (auto _ : state) gflops = fma_peak_gflops();
  state.counters["GFLOP/s"] = gflops;
}
BENCHMARK(fma_peak)->Iterations(1);

struct Mlp {
  Tensor gain, up, gate, down;
};

void mlp_stack(benchmark::State& state) {
  const int64_t D = state.range(0), H = 2 * D;
  Parameters parameters;
  std::vector<Mlp> layers(static_cast<std::size_t>(state.range(1)));
  for (Mlp& layer : layers)
    layer = {parameters.add({D}, 1), parameters.add({D, H}, 0.1), parameters.add({D, H}, 0.1),
             parameters.add({H, D}, 0.1)};
  const Tensor x = activation(D);
  train(state, parameters, [&] {
    Tensor h = x;
    for (const Mlp& layer : layers) {
      const Tensor n = rms_norm(h, layer.gain);
      h = add(h, gated_mlp(n, layer.up, layer.gate, layer.down));
    }
    x.drop_grad();
    return sum_all(h);
  });
}
BENCHMARK(mlp_stack)->UseManualTime()->ArgsProduct({{32, 64, 128}, {4}});

// The products of one layer as forward and backward need them, on fixed buffers.
void mlp_products(benchmark::State& state) {
  const int64_t D = state.range(0), H = 2 * D;
  Parameters parameters;
  const Tensor up = parameters.add({D, H}, 0.1), gate = parameters.add({D, H}, 0.1);
  const Tensor down = parameters.add({H, D}, 0.1);
  const Tensor n = activation(D), h = activation(H);
  const Tensor wide = random_values({kBatch, kLength, H}, 1),
               narrow = random_values({kBatch, kLength, D}, 1);
  train(state, parameters, [&] {
    n.drop_grad();
    h.drop_grad();
    const Tensor a = matmul(n, up), b = matmul(n, gate), c = matmul(h, down);
    for (const auto& [y, dy] : {std::pair(a, wide), {b, wide}, {c, narrow}})
      std::copy_n(dy.data(), dy.size(), y.grad());
    return Tensor(Shape{});
  });
}
BENCHMARK(mlp_products)->UseManualTime()->Arg(32)->Arg(64)->Arg(128);

// One operator with its reverse pass alone: the gradient of its result is already there.
template <class Operator>
void one_operator(benchmark::State& state, Parameters& parameters, Operator op) {
  Tensor dy;
  train(state, parameters, [&] {
    const Tensor y = op();
    if (!dy.defined()) dy = random_values(y.shape(), 1);
    std::copy_n(dy.data(), dy.size(), y.grad());
    return Tensor(Shape{});
  });
}

void gated_silu(benchmark::State& state) {
  Parameters parameters;
  const Tensor x = activation(state.range(0)), gate = activation(state.range(0));
  one_operator(state, parameters, [&] {
    x.drop_grad();
    gate.drop_grad();
    return gated_silu(x, gate);
  });
}
BENCHMARK(gated_silu)->UseManualTime()->Arg(64)->Arg(256);

void rms_norm(benchmark::State& state) {
  Parameters parameters;
  const Tensor x = activation(state.range(0)), gain = parameters.add({state.range(0)}, 1);
  one_operator(state, parameters, [&] {
    x.drop_grad();
    return rms_norm(x, gain);
  });
}
BENCHMARK(rms_norm)->UseManualTime()->Arg(32)->Arg(128);

void layer_norm(benchmark::State& state) {
  Parameters parameters;
  const Shape width{state.range(0)};
  const Tensor x = activation(width[0]), gain = parameters.add(width, 1);
  const Tensor bias = parameters.add(width, 1);
  one_operator(state, parameters, [&] {
    x.drop_grad();
    return layer_norm(x, gain, bias);
  });
}
BENCHMARK(layer_norm)->UseManualTime()->Arg(32)->Arg(128);

void residual(benchmark::State& state) {
  Parameters parameters;
  const Tensor x = activation(state.range(0)), a = activation(state.range(0));
  const Tensor b = activation(state.range(0));
  one_operator(state, parameters, [&] {
    for (const Tensor& t : {x, a, b}) t.drop_grad();
    return add(add(x, a), b);
  });
}
BENCHMARK(residual)->UseManualTime()->Arg(32)->Arg(128);

void embedding(benchmark::State& state) {
  Parameters parameters;
  const Tensor table = parameters.add({64, state.range(0)}, 1);
  std::vector<int32_t> ids;
  Rng rng(1, "ids");
  for (int64_t i = 0; i < kRows; ++i) ids.push_back(static_cast<int32_t>(rng.below(64)));
  one_operator(state, parameters, [&] { return embedding(table, ids, {kRows}); });
}
BENCHMARK(embedding)->UseManualTime()->Arg(128);

void cross_entropy(benchmark::State& state) {
  Parameters parameters;
  const Tensor logits = activation(state.range(0));
  const Tensor rows = reshape(logits, {kRows, state.range(0)});
  std::vector<int32_t> targets;
  Rng rng(1, "targets");
  for (int64_t i = 0; i < kRows; ++i)
    targets.push_back(static_cast<int32_t>(rng.below(state.range(0))));
  train(state, parameters, [&] {
    logits.drop_grad();
    return cross_entropy(rows, targets);
  });
}
BENCHMARK(cross_entropy)->UseManualTime()->Arg(10)->Arg(64);

}  // namespace
}  // namespace longhaul

BENCHMARK_MAIN();

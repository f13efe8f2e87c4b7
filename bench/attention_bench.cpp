// The two attentions, one lane on one thread: forward, and forward with reverse.
//
//   attention/causal/<d>/<T>/<pass>           the tiled operator, 64 channels in heads of width d
//   attention/bidirectional/<d>/<T>/<pass>
//   attention_window/causal/<d>/<T>/<pass>    the same under a window of 128
//   attention_bias/causal/<d>/<T>/<pass>      with a learned bias by distance
//   naive/causal/<d>/<T>/<pass>               matmul, mask, softmax, matmul; T x T in memory
//   linear_attention/causal/<d>/<T>/<pass>    chunks of 64
//   linear_attention/bidirectional/<d>/<T>/<pass>
//
//   fma_peak                                  the most one core can do: multiply-adds alone
//
// Counters: flops (useful operations a second, as the operators count them; for the naive form
// those of the tiled one), tokens a second.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include "longhaul/ops.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "math/peak.h"

namespace {
using namespace longhaul;

constexpr int64_t kWidth = 64;

struct Setting {
  bool causal;
  int64_t d, T;
  bool reverse;
};

Tensor noise(const Shape& shape, uint64_t seed) {
  Tensor x = Tensor::empty(shape);
  Rng rng(seed, "bench");
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = rng.uniform_float();
  x.set_needs_grad(true);
  return x;
}

Tensor tiled(const Setting& s, const Tensor& q, const Tensor& k, const Tensor& v) {
  return attention(q, k, v, Lengths(q.dim(0), s.T), {.heads = kWidth / s.d, .causal = s.causal});
}

Tensor windowed(const Setting& s, const Tensor& q, const Tensor& k, const Tensor& v) {
  return attention(q, k, v, Lengths(q.dim(0), s.T),
                   {.heads = kWidth / s.d, .causal = s.causal, .window = 128});
}

Tensor biased(const Setting& s, const Tensor& q, const Tensor& k, const Tensor& v) {
  AttentionSpec spec{.heads = kWidth / s.d, .causal = s.causal};
  spec.bias = noise({spec.heads, s.T}, 4);
  return attention(q, k, v, Lengths(q.dim(0), s.T), spec);
}

Tensor linear(const Setting& s, const Tensor& q, const Tensor& k, const Tensor& v) {
  return linear_attention(q, k, v, Lengths(q.dim(0), s.T),
                          {.heads = kWidth / s.d, .causal = s.causal});
}

Tensor naive(const Setting& s, const Tensor& q, const Tensor& k, const Tensor& v) {
  const int64_t B = q.dim(0), H = kWidth / s.d;
  const auto heads = [&](const Tensor& x) {
    return permute(reshape(x, {B, s.T, H, s.d}), {0, 2, 1, 3});
  };
  Tensor mask({s.T, s.T});
  for (int64_t i = 0; i < s.T; ++i)
    for (int64_t j = i + 1; j < s.T; ++j) mask.data()[i * s.T + j] = -1e30f;
  const Tensor scores = scale(matmul(heads(q), heads(k), false, true), 1 / std::sqrt(float(s.d)));
  const Tensor y = matmul(softmax(add(scores, mask)), heads(v));
  return reshape(permute(y, {0, 2, 1, 3}), {B, s.T, kWidth});
}

using Form = Tensor (*)(const Setting&, const Tensor&, const Tensor&, const Tensor&);

void run(benchmark::State& state, Form form, Form counted, const Setting& s) {
  const LaneScope lane;
  const Shape shape{1, s.T, kWidth};
  const Tensor q = noise(shape, 1), k = noise(shape, 2), v = noise(shape, 3), ones(shape, 1);
  const auto pass = [&](Form f) {
    if (!s.reverse) {
      benchmark::DoNotOptimize(f(s, q, k, v).data());
      return;
    }
    Tape tape;
    const Tensor y = f(s, q, k, v);
    std::copy_n(ones.data(), ones.size(), y.grad());
    tape.backward(sum_all(slice(y, 1, 0, 1)));
    for (const Tensor& x : {q, k, v}) x.drop_grad();
  };
  Measurement measured;
  {
    const Meter meter(measured);
    pass(counted);
  }
  for (auto _ : state) pass(form);
  const auto runs = static_cast<double>(state.iterations());
  state.counters["flops"] =
      benchmark::Counter(runs * static_cast<double>(measured.flops), benchmark::Counter::kIsRate);
  state.counters["tokens"] =
      benchmark::Counter(runs * static_cast<double>(s.T), benchmark::Counter::kIsRate);
}

void add(const std::string& name, Form form, Form counted, const Setting& s) {
  const std::string full = name + (s.causal ? "/causal/" : "/bidirectional/") +
                           std::to_string(s.d) + "/" + std::to_string(s.T) +
                           (s.reverse ? "/forward_reverse" : "/forward");
  benchmark::RegisterBenchmark(full.c_str(),
                               [=](benchmark::State& state) { run(state, form, counted, s); });
}

void fma_peak(benchmark::State& state) {
  double gflops = 0;
  for (auto _ : state) gflops = fma_peak_gflops();
  state.counters["flops"] = 1e9 * gflops;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("fma_peak", fma_peak);
  for (bool reverse : {false, true})
    for (int64_t d : {16, 32, 64})
      for (int64_t T : {256, 1024, 4096}) {
        for (bool causal : {true, false}) {
          add("attention", tiled, tiled, {causal, d, T, reverse});
          add("linear_attention", linear, linear, {causal, d, T, reverse});
        }
        add("attention_window", windowed, windowed, {true, d, T, reverse});
        add("attention_bias", biased, biased, {true, d, T, reverse});
        if (T < 4096) add("naive", naive, tiled, {true, d, T, reverse});
      }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}

// Products of matrices as a lane's training step has them, on one thread: 2048 rows, width D.
//
//   KIND/D/ENGINE   forward: rows by D x 4D; input: the gradient of its rows; weight: of its matrix
//
// Engines: tiles (math/kernels/gemm.cpp), and onednn where this bench was built with it. of_peak is
// the share of the FMA peak at the clock of the moment. Compare medians of repetitions in random
// order.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "longhaul/rng.h"
#include "math/kernels/gemm.h"
#include "math/parallel.h"
#include "math/peak.h"
#include "support/clock.h"
#include "support/statistics.h"
#ifdef LONGHAUL_BENCH_ONEDNN
#include <dnnl.hpp>
#endif

namespace longhaul {
namespace {

constexpr int64_t kRows = 2048;

using Product = void (*)(const Gemm&, const float* a, const float* b, float* c);

#ifdef LONGHAUL_BENCH_ONEDNN
void onednn(const Gemm& s, const float* a, const float* b, float* c) {
  dnnl::sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, 1, a,
              s.transpose_a ? s.m : s.k, b, s.transpose_b ? s.k : s.n, s.accumulate ? 1 : 0, c,
              s.n);
}
#endif

void run(benchmark::State& state, const Gemm& shape, Product product) {
  set_threads(1);
  const FlushDenormals flush;
  const LaneScope lane;
  Rng rng(1, "bench");
  const auto values = [&](int64_t count) {
    std::vector<float> all(static_cast<std::size_t>(count));
    for (float& x : all) x = static_cast<float>(rng.normal());
    return all;
  };
  const std::vector<float> a = values(shape.m * shape.k), b = values(shape.k * shape.n);
  std::vector<float> c = values(shape.m * shape.n);
  const auto flops = static_cast<double>(2 * shape.m * shape.n * shape.k);
  std::vector<double> gflops, of_peak;
  for (auto _ : state) {
    const Stopwatch watch;
    product(shape, a.data(), b.data(), c.data());
    const double seconds = watch.seconds();
    state.SetIterationTime(seconds);
    gflops.push_back(1e-9 * flops / seconds);
    fma_gflops();  // the first burst after other work is slower
    of_peak.push_back(gflops.back() / fma_gflops());
  }
  state.counters["GFLOP/s"] = median(gflops);
  state.counters["of_peak"] = median(of_peak);
}

void add(const std::string& kind, int64_t width, const Gemm& shape) {
  const std::string name = kind + "/" + std::to_string(width) + "/";
  const auto entry = [&](const char* engine, Product product) {
    benchmark::RegisterBenchmark((name + engine).c_str(), [=](benchmark::State& state) {
      run(state, shape, product);
    })->UseManualTime();
  };
  entry("tiles", gemm);
#ifdef LONGHAUL_BENCH_ONEDNN
  entry("onednn", onednn);
#endif
}

}  // namespace
}  // namespace longhaul

int main(int argc, char** argv) {
  using namespace longhaul;
  for (int64_t D : {32, 48, 64, 96, 128, 256, 512, 768}) {
    add("square", D, {.m = kRows, .n = D, .k = D});
    add("forward", D, {.m = kRows, .n = 4 * D, .k = D});
    add("input", D, {.transpose_b = true, .m = kRows, .n = D, .k = 4 * D, .accumulate = true});
    add("weight", D, {.transpose_a = true, .m = D, .n = 4 * D, .k = kRows, .accumulate = true});
    add("read_out", D, {.m = kRows, .n = 10, .k = D});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}

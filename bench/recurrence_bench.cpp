// The recurrent operators. Names end in the sizes; the counter is nanoseconds per token.
//
//   complex_scan/<lane|free>/<pass>/B:T:N
//   <tanh|gru>/<sequential|newton>/<lane|free>/<pass>/B:T:N:block
//
// <pass> is forward, or backward: forward and backward together.
// `lane` is one thread inside a lane, as in training; `free` is outside, where threads may share.
#include <benchmark/benchmark.h>

#include <cmath>
#include <optional>
#include <string>

#include "longhaul/ops.h"
#include "math/parallel.h"

namespace {
using namespace longhaul;

Tensor noise(const Shape& shape, uint64_t seed, double deviation) {
  Tensor x = Tensor::empty(shape);
  Rng rng(seed, "bench");
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(deviation * rng.normal());
  x.set_needs_grad(true);
  return x;
}

template <class Forward>
void run(benchmark::State& state, bool inside_lane, bool backward, const Tensor& a, const Tensor& b,
         int64_t tokens, Forward forward) {
  std::optional<LaneScope> lane;
  if (inside_lane) lane.emplace();
  const Tensor seed = Tensor(forward().shape(), 1.0f);
  for (auto _ : state) {
    if (!backward) {
      benchmark::DoNotOptimize(forward().data());
      continue;
    }
    Tape tape;
    Tensor y = forward();
    std::copy_n(seed.data(), seed.size(), y.grad());
    Tensor loss(Shape{});
    loss.set_needs_grad(true);
    tape.backward(loss);
    a.drop_grad();
    b.drop_grad();
  }
  state.counters["ns_per_token"] = benchmark::Counter(
      1e-9 * static_cast<double>(tokens),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

std::string name(const std::string& what, bool lane, bool backward) {
  return what + (lane ? "/lane" : "/free") + (backward ? "/backward/" : "/forward/");
}

std::string sizes(std::initializer_list<int64_t> list) {
  std::string out;
  for (int64_t size : list) out += (out.empty() ? "" : ":") + std::to_string(size);
  return out;
}

void add_scan(int64_t B, int64_t T, int64_t N, bool lane, bool backward) {
  benchmark::RegisterBenchmark(
      (name("complex_scan", lane, backward) + sizes({B, T, N})).c_str(),
      [=](benchmark::State& state) {
        const Tensor lambda = noise({2 * N}, 1, 0.5), u = noise({B, T, 2 * N}, 2, 1);
        run(state, lane, backward, lambda, u, B * T, [&] { return complex_scan(lambda, u); });
      })
      ->UseRealTime();
}

void add_recurrence(Cell cell, Solver solver, int64_t B, int64_t T, int64_t N, int64_t block,
                    bool lane, bool backward) {
  const std::string what = std::string(cell == Cell::gru ? "gru/" : "tanh/") +
                           (solver == Solver::newton ? "newton" : "sequential");
  benchmark::RegisterBenchmark((name(what, lane, backward) + sizes({B, T, N, block})).c_str(),
                               [=](benchmark::State& state) {
                                 const int64_t G = cell == Cell::gru ? 3 : 1;
                                 const double deviation =
                                     0.7 / std::sqrt(static_cast<double>(block));
                                 const Tensor u = noise({B, T, G * N}, 1, 0.5);
                                 const Tensor R = noise({G, N / block, block, block}, 2, deviation);
                                 RecurrenceSpec spec;
                                 spec.cell = cell;
                                 spec.solver = solver;
                                 SolverReport report;
                                 run(state, lane, backward, R, u, B * T,
                                     [&] { return nonlinear_recurrence(u, R, spec, &report); });
                                 state.counters["sweeps"] = report.iterations;
                               })
      ->UseRealTime();
}

void add_all() {
  for (bool backward : {false, true}) {
    add_scan(4, 256, 64, true, backward);
    add_scan(4, 4096, 64, true, backward);
    for (bool lane : {true, false}) add_scan(1, 65536, 64, lane, backward);
  }
  for (Cell cell : {Cell::tanh, Cell::gru}) {
    for (bool backward : {false, true})
      for (auto [B, T, N, block] : {std::tuple{4, 256, 64, 64},
                                    {4, 256, 128, 128},
                                    {1, 256, 64, 64},
                                    {4, 256, 64, 16},
                                    {4, 256, 64, 2},
                                    {4, 256, 64, 1}})
        add_recurrence(cell, Solver::sequential, B, T, N, block, true, backward);
    // Where the automatic choice is made: narrow diagonals, in a lane and outside.
    for (bool lane : {true, false})
      for (auto [B, T, N, block] : {std::tuple{1, 256, 1, 1},
                                    {1, 4096, 1, 1},
                                    {1, 65536, 1, 1},
                                    {1, 4096, 4, 1},
                                    {1, 4096, 8, 1},
                                    {1, 65536, 8, 1},
                                    {1, 65536, 16, 1},
                                    {1, 65536, 64, 1},
                                    {8, 4096, 1, 1},
                                    {2, 65536, 8, 1},
                                    {1, 65536, 2, 2},
                                    {1, 65536, 8, 2},
                                    {1, 65536, 4, 4},
                                    {4, 256, 64, 64},
                                    {1, 4096, 64, 64}})
        for (Solver solver : {Solver::sequential, Solver::newton})
          add_recurrence(cell, solver, B, T, N, block, lane, false);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_all();
  benchmark::RunSpecifiedBenchmarks();
}

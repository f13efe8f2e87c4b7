// Whole training steps: lanes (forward, backward, gradient tree) and AdamW on random tokens, 32768
// a step (4096 a lane at every length, so that caches are filled alike), d_model 64, 2 layers, one
// answer a sequence.
//
//   step/MODEL/LENGTH/THREADS
//   step/MODEL/one_LENGTH/THREADS   one sequence a step; rnn_newton: of diagonal R, in parallel
//   step/MODEL/dWIDTH/PRECISION/LENGTH/THREADS   at another d_model; on one thread CPU time is fair
//
// of_peak is the share of the threads' FMA peak that the counted, useful operations reach; tokens/s
// compare models, lengths and threads. Run with --benchmark_enable_random_interleaving=true and
// --benchmark_repetitions=5, and look at medians: the order of cells then does not matter.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "harness/train/lanes.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "math/peak.h"
#include "math/precision.h"

namespace longhaul {
namespace {

constexpr int64_t kTokens = 32768, kLanes = 8;

// A model and everything that a training step needs, made once for all repetitions.
class Step {
 public:
  Step(const ModelInfo& info, const Options& options, const Settings& settings, int64_t length,
       int64_t sequences)
      : shape_{.vocab = 16, .classes = 10, .max_length = length},
        options_(options),
        model_(info, options_, settings, shape_, 1),
        offsets_(gradient_layout(model_.parameters())),
        lanes_(model_, kLanes, offsets_),
        optimizer_(model_.parameters(), offsets_, {}) {
    const int64_t lanes = std::min(kLanes, sequences);
    for (int64_t lane = 0; lane < lanes; ++lane)
      batches_.push_back(random_batch(Lengths(static_cast<std::size_t>(sequences / lanes), length),
                                      shape_, static_cast<uint64_t>(lane)));
  }

  void run() {
    lanes_.run(batches_, 1);
    optimizer_.step(lanes_.gradient(), 1, 1e-4);
  }
  int64_t flops() const { return lanes_.measured().flops; }

 private:
  TaskShape shape_;
  Options options_;
  Model model_;
  std::vector<int64_t> offsets_;
  Lanes lanes_;
  Optimizer optimizer_;
  std::vector<Batch> batches_;
};

struct Workload {
  std::string model;
  OptionMap options;
  int64_t length, sequences;
  Settings settings = {};
};

void measure(benchmark::State& state, const Registry& registry, const Workload& load, int threads) {
  static const double peak = fma_peak_gflops() * 1e9;
  set_threads(threads);
  const FlushDenormals flush;
  Step step(registry.model(load.model), Options(load.options), load.settings, load.length,
            load.sequences);
  for (int warm = 0; warm < 3; ++warm) step.run();
  for (auto _ : state) step.run();
  const auto steps = static_cast<double>(state.iterations());
  using benchmark::Counter;
  const double tokens = static_cast<double>(load.length * load.sequences);
  state.counters["tokens/s"] = Counter(steps * tokens, Counter::kIsRate);
  state.counters["of_peak"] =
      Counter(steps * static_cast<double>(step.flops()) / (peak * threads), Counter::kIsRate);
}

void add(const Registry& registry, const std::string& name, const Workload& load) {
  for (const int threads : {1, 2})
    benchmark::RegisterBenchmark(text("step/", name, "/", threads).c_str(),
                                 [&registry, load, threads](benchmark::State& state) {
                                   measure(state, registry, load, threads);
                                 })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
}

void add_precisions(const Registry& registry) {
  constexpr int64_t kFewer = kTokens / 4;  // a step is long enough
  const OptionMap gru{{"cell", "gru"}};
  for (const char* name : {"transformer", "linear_attention", "lru", "gru"})
    for (const int64_t width : {128, 256})
      for (const std::string& precision : precision_names())
        for (const int64_t length : {256, 1024}) {
          const bool is_gru = name == std::string("gru");
          Workload load{is_gru ? "rnn" : name, is_gru ? gru : OptionMap(), length, kFewer / length};
          load.settings.d_model = width;
          load.settings.precision = precision;
          if (precision_problem(precision).empty())
            add(registry, text(name, "/d", width, "/", precision, "/", length), load);
        }
}

}  // namespace
}  // namespace longhaul

int main(int argc, char** argv) {
  using namespace longhaul;
  Registry registry;
  register_builtins(registry);
  for (const char* model : {"transformer", "linear_attention", "lru", "slru", "s4d", "s5", "mamba",
                            "min_gru", "min_lstm", "hgrn", "rwkv", "rnn"})
    for (const int64_t length : {256, 4096})
      add(registry, text(model, "/", length), {model, {}, length, kTokens / length});
  for (const char* model : {"transformer", "linear_attention", "gla", "delta_net", "lru", "s5",
                            "mamba", "min_gru", "rnn"})
    add(registry, text(model, "/one_16384"), {model, {}, 16384, 1});
  const OptionMap parallel{{"block", int64_t{1}}, {"solver", "newton"}};
  add(registry, "rnn_newton/one_16384", {"rnn", parallel, 16384, 1});
  add_precisions(registry);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}

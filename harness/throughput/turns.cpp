// The one place in the harness of Google Benchmark.
#include "harness/throughput/turns.h"

#include <benchmark/benchmark.h>

#include <algorithm>

namespace longhaul {
namespace {

// Appends each run's mean time to its workload: benchmarks are counted as they are registered.
class TurnReporter final : public benchmark::BenchmarkReporter {
 public:
  explicit TurnReporter(std::vector<Turn>& turns) : turns_(turns) {}

  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      Turn& turn = turns_.at(static_cast<std::size_t>(run.family_index));
      if (run.run_type == Run::RT_Iteration && !turn.failure)
        turn.step_seconds.push_back(run.real_accumulated_time /
                                    static_cast<double>(run.iterations));
    }
  }

 private:
  std::vector<Turn>& turns_;
};

// Google Benchmark takes its flags from the environment too (BENCHMARK_REPETITIONS), where they are
// meant for other programs.
void set_flags() {
  std::vector<std::string> flags = {"longhaul",
                                    "--benchmark_list_tests=false",
                                    "--benchmark_repetitions=1",
                                    "--benchmark_enable_random_interleaving=false",
                                    "--benchmark_report_aggregates_only=false",
                                    "--benchmark_display_aggregates_only=false",
                                    "--benchmark_out=",
                                    "--benchmark_perf_counters="};
  std::vector<char*> arguments;
  for (std::string& flag : flags) arguments.push_back(flag.data());
  auto count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
}

void take_turn(Turn& turn, benchmark::State& state) {
  for (auto _ : state) {  // NOLINT(clang-analyzer-deadcode.DeadStores): Google Benchmark's loop
    if (turn.failure) {
      state.SkipWithError("failed in an earlier turn");
      break;
    }
    try {
      state.SetIterationTime(turn.workload->run());
    } catch (...) {  // Google Benchmark lets nothing through
      turn.failure = std::current_exception();
      state.SkipWithError("failed");
      break;
    }
    turn.peak_activation_bytes =
        std::max(turn.peak_activation_bytes, turn.workload->cost().activation_bytes);
  }
}

}  // namespace

void take_turns(std::vector<Turn>& turns, int64_t rounds) {
  if (turns.empty()) return;
  set_flags();
  for (Turn& turn : turns)
    benchmark::RegisterBenchmark("turn",
                                 [&turn](benchmark::State& state) { take_turn(turn, state); })
        ->UseManualTime()
        ->Iterations(turn.runs);
  TurnReporter reporter(turns);
  for (int64_t round = 0; round < rounds; ++round)
    benchmark::RunSpecifiedBenchmarks(&reporter, ".");
  benchmark::ClearRegisteredBenchmarks();
}

}  // namespace longhaul

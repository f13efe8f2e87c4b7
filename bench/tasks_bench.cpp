// What examples cost on one thread, as a table.
//   example/<task>                one training example of each registered task with its defaults,
//                                 as a trial gets it: draws of another split are thrown away
//   draw_pictures/<size>/<which>  one Pathfinder picture of each size that people train on; many
//                                 pairs of contours are drawn for one that fits: 5000 at size 64,
//                                 hard, where a contour is longer than the picture is wide
//   cached/<task>                 one training example read from a cache file (longhaul data)
//
// Columns: examples_per_second, tokens_per_second, and `of_training`: how many times as many
// tokens a second as the fastest model takes in. Below 5, generation would be felt.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/builtins.h"
#include "harness/data/cache.h"
#include "harness/data/cache_write.h"
#include "harness/data/examples.h"
#include "harness/settings/option_check.h"
#include "math/parallel.h"
#include "tasks/pathfinder/image.h"

namespace {
using namespace longhaul;
using pathfinder::Difficulty;

// Tokens a second of a core: the LRU and the RNN at d_model 64 with 2 layers, at length 256. All
// other models and shorter sequences, where a step's fixed costs weigh more, take in fewer.
constexpr double kFastestModel = 150'000;
constexpr int64_t kCached = 50;

void count(benchmark::State& state, int64_t positions) {
  using benchmark::Counter;
  const auto n = static_cast<double>(state.iterations()), all = static_cast<double>(positions);
  state.counters["examples_per_second"] = Counter(n, Counter::kIsRate);
  state.counters["tokens_per_second"] = Counter(all, Counter::kIsRate);
  state.counters["of_training"] = Counter(all / kFastestModel, Counter::kIsRate);
}

int64_t positions_of(const Example& example, int64_t channels) {
  if (channels > 0) return static_cast<int64_t>(example.values.size()) / channels;
  return static_cast<int64_t>(example.tokens.size() + example.second.size());
}

void draw_examples(benchmark::State& state, const Task& task, int64_t most) {
  int64_t index = 0, positions = 0;
  for (auto _ : state) {
    const Example drawn = example(task, Split::train, 1, index++ % most);
    positions += positions_of(drawn, task.channels());
    benchmark::DoNotOptimize(drawn.targets.data());
  }
  count(state, positions);
}

void draw_pictures(benchmark::State& state, int size, Difficulty difficulty) {
  const pathfinder::Generator generator(pathfinder::standard_shape(size, difficulty));
  uint64_t index = 0;
  for (auto _ : state) {
    Rng rng(0, "bench", index++);
    benchmark::DoNotOptimize(generator.draw(rng).pixels.data());
  }
  count(state, static_cast<int64_t>(state.iterations()) * size * size);
}

BENCHMARK_CAPTURE(draw_pictures, 16 / easy, 16, Difficulty::easy);
BENCHMARK_CAPTURE(draw_pictures, 16 / hard, 16, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, 32 / easy, 32, Difficulty::easy);
BENCHMARK_CAPTURE(draw_pictures, 32 / medium, 32, Difficulty::medium);
BENCHMARK_CAPTURE(draw_pictures, 32 / hard, 32, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, 64 / hard, 64, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, 128 / easy, 128, Difficulty::easy);
BENCHMARK_CAPTURE(draw_pictures, 128 / hard, 128, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, 256 / hard, 256, Difficulty::hard);

// Benchmarks of every task that draws its examples without more options than its defaults.
void register_tasks(const Registry& registry) {
  for (const auto& [name, info] : registry.tasks()) {
    TaskCheck built = check_task(info, {});
    if (!built.ok() || built.task->count(Split::train) > 0) continue;
    const std::shared_ptr<Task> task = std::move(built.task);
    benchmark::RegisterBenchmark(("example/" + name).c_str(), [task](benchmark::State& state) {
      draw_examples(state, *task, 1 << 20);
    });
  }
}

void register_cached(const Registry& registry, const std::string& name) {
  const TaskInfo& info = registry.task(name);
  benchmark::RegisterBenchmark(("cached/" + name).c_str(), [&info, name](benchmark::State& state) {
    const TaskCheck built = check_task(info, {});
    const CacheKey key{name, built.task->version(), built.resolved};
    const Stream stream{Split::train, 1};
    write_cache(*built.task, key, stream, kCached, [](int64_t) {});
    use_cache(*built.task, key, {stream});
    draw_examples(state, *built.task, kCached);
    std::filesystem::remove(cache_path(key, stream));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto folder = std::filesystem::temp_directory_path() / "longhaul_tasks_bench";
  setenv("LONGHAUL_CACHE", folder.c_str(), 1);
  set_threads(1);
  Registry registry;
  register_builtins(registry);
  register_tasks(registry);
  register_cached(registry, "pathfinder");
  register_cached(registry, "path_x");
  std::vector<char*> arguments(argv, argv + argc);
  std::string columns = "--benchmark_counters_tabular=true";
  arguments.insert(arguments.begin() + 1, columns.data());  // before the user's, which may differ
  int passed = static_cast<int>(arguments.size());
  benchmark::Initialize(&passed, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(passed, arguments.data())) return 1;
  benchmark::RunSpecifiedBenchmarks();
}

// What drawing one example costs, for each size and difficulty of pathfinder that people train on:
//   pathfinder/<size>/<difficulty>   one picture; many pairs of contours are drawn for one that
//   fits

#include <benchmark/benchmark.h>

#include "tasks/pathfinder_image.h"

namespace {
using namespace longhaul;
using pathfinder::Difficulty;

void draw_pictures(benchmark::State& state, int size, Difficulty difficulty) {
  const pathfinder::Generator generator(pathfinder::standard_shape(size, difficulty));
  uint64_t index = 0;
  for (auto _ : state) {
    Rng rng(0, "bench", index++);
    benchmark::DoNotOptimize(generator.draw(rng).pixels.data());
  }
}

BENCHMARK_CAPTURE(draw_pictures, pathfinder / 16 / easy, 16, Difficulty::easy);
BENCHMARK_CAPTURE(draw_pictures, pathfinder / 16 / hard, 16, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, pathfinder / 32 / easy, 32, Difficulty::easy);
BENCHMARK_CAPTURE(draw_pictures, pathfinder / 32 / hard, 32, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, pathfinder / 64 / hard, 64, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, pathfinder / 128 / hard, 128, Difficulty::hard);
BENCHMARK_CAPTURE(draw_pictures, pathfinder / 256 / hard, 256, Difficulty::hard);

}  // namespace

BENCHMARK_MAIN();

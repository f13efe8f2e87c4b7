// What every model's losses are in its first steps, held to golden_losses.txt, to the last bit: any
// machine, and any instruction set, has these.
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "harness/train/lanes.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "support/hash.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

const std::string kFile = "tests/conformance/golden_losses.txt";
const std::string kNewLines = "longhaul_tests '[.golden-losses-lines]'";
constexpr int64_t kSteps = 50;

// A hash of the bits of each step's loss and gradient norm, and the last loss to read.
std::string losses_of(const ModelInfo& info) {
  const FlushDenormals flush;
  const TaskShape shape{.vocab = 16, .classes = 10, .max_length = 70};
  Settings settings;
  settings.d_model = 32;
  settings.layers = 2;
  Options options;
  const Model model(info, options, settings, shape, 1);
  const std::vector<int64_t> offsets = gradient_layout(model.parameters());
  const std::vector<Batch> batches{random_batch({70, 70}, shape, 1),
                                   random_batch({64, 33}, shape, 2)};
  Lanes lanes(model, static_cast<int64_t>(batches.size()), offsets);
  Optimizer optimizer(model.parameters(), offsets, {});
  uint64_t hash = 0;
  double last = 0;
  for (int64_t step = 0; step < kSteps; ++step) {
    const Lanes::Result result = lanes.run(batches, static_cast<uint64_t>(step));
    const double seen[] = {result.plain_loss, result.gradient_norm};
    hash = hash_bytes(seen, sizeof(seen), hash);
    last = result.plain_loss;
    optimizer.step(lanes.gradient(), 1, 1e-3);
  }
  return text(last, ' ', to_hex(hash));
}

std::map<std::string, std::string> golden() {
  std::ifstream in(LONGHAUL_SOURCE_DIR + ("/" + kFile));
  require(in.good(), kFile, " cannot be read");
  std::map<std::string, std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') {
      const std::size_t space = line.find(' ');
      lines[line.substr(0, space)] = line.substr(space + 1);
    }
  return lines;
}

Registry builtins() {
  Registry registry;
  register_builtins(registry);
  return registry;
}

}  // namespace

TEST_CASE("the losses of every model's first 50 steps are the same bits on every machine",
          "[golden][models][golden-losses]") {
#ifdef __clang__
  return;  // it computes a function's arguments in another order (docs/reproducibility.md)
#endif
  const std::map<std::string, std::string> lines = golden();
  const Registry registry = builtins();
  for (const auto& [name, model] : registry.models()) {
    INFO(name << ": if its losses were meant to change, put the line that " << kNewLines
              << " prints into " << kFile);
    REQUIRE(lines.contains(name));
    CHECK(losses_of(model) == lines.at(name));
  }
  for (const auto& [name, line] : lines) {
    INFO(name << " is no model: take its line out of " << kFile);
    CHECK(registry.models().contains(name));
  }
}

TEST_CASE("prints the lines of golden_losses.txt as they are now", "[.golden-losses-lines]") {
  const Registry registry = builtins();
  for (const auto& [name, model] : registry.models())
    std::cout << name << ' ' << losses_of(model) << '\n';
}

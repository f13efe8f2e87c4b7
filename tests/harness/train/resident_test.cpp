// How much memory a trial's own process holds, of real trials.
#include <fstream>

#include "harness/results/store.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;

TEST_CASE("a trial holds little more than its activations, whatever lengths it meets", "[trial]") {
#ifdef __SANITIZE_ADDRESS__
  WARN("left out under the address sanitizer, which holds memory of its own");
#else
  const TemporaryFolder folder;
  std::ofstream(folder.path / "mixed.yaml") << R"(suite: mixed
seeds: [0]
budget: {steps: 30}
defaults: {d_model: 16, layers: 1, batch: 16, validation_examples: 32, test_examples: 32}
models: [lru, transformer, rnn]
tasks:
  - {name: listops, min_length: 500, max_length: 2000}
)";
  const std::string suite = folder.path / "mixed.yaml", out = folder.path / "results";
  REQUIRE(longhaul_run("run " + suite + " --threads 2 --jobs 1 --out " + out).status == 0);
  std::vector<std::string> problems;
  const std::vector<Trial> trials = list_trials(out, problems);
  REQUIRE(trials.size() == 3);
  for (const Trial& trial : trials) {
    const auto record = read_record(trial.dir);
    REQUIRE(record);
    INFO(trial.spec.model << ": activations " << (record->peak_activation_bytes >> 20)
                          << " MiB, resident " << (record->peak_resident_bytes >> 20) << " MiB");
    CHECK(record->peak_activation_bytes > 8 << 20);
    CHECK(static_cast<double>(record->peak_resident_bytes) <=
          1.25 * static_cast<double>(record->peak_activation_bytes) + (64 << 20));
  }
#endif
}

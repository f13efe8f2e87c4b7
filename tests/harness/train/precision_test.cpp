#include <cstring>
#include <fstream>

#include "harness/model/stored_model.h"
#include "harness/train/trial.h"
#include "math/checkpoint.h"
#include "math/instruction_set.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

// What a trial leaves that its precision decides.
struct Left {
  TrialRecord record;
  std::string curve;
  std::vector<std::vector<float>> weights;
};

// Wide enough that the MLP is one operator in training and several in evaluation.
TrialSpec trial_in(const std::string& precision, const std::string& model) {
  TrialSpec spec = seen_trial(model, 6);
  spec.settings.precision = precision;
  spec.settings.d_model = 64;
  spec.settings.mlp_ratio = 1;
  spec.settings.dropout = 0.1;
  return spec;
}

Left run(const TrialSpec& spec, int threads) {
  const TemporaryFolder folder;
  Left left;
  left.record = run_seen_trial(spec, folder.path, threads);
  INFO(left.record.message);
  REQUIRE(left.record.status == Status::ok);
  std::ifstream curve(folder.path / "curve.csv");
  left.curve.assign(std::istreambuf_iterator<char>(curve), {});
  for (const NamedTensor& tensor : load_checkpoint(folder.path / "checkpoint.safetensors").tensors)
    left.weights.emplace_back(tensor.value.data(), tensor.value.data() + tensor.value.size());
  return left;
}

void check_same(const Left& one, const Left& other) {
  CHECK(one.curve == other.curve);
  CHECK(one.weights == other.weights);
  CHECK(one.record.train_loss == other.record.train_loss);
  CHECK(one.record.evaluations[0].test == other.record.evaluations[0].test);
  CHECK(one.record.flops_per_token == other.record.flops_per_token);
}

}  // namespace

TEST_CASE(
    "precision: bf16 has the same weights and scores by instructions, emulated, and on any "
    "number of threads",
    "[precision][trial]") {
  for (const char* model : {"transformer", "lru", "rnn"}) {
    INFO(model);
    const Left emulated = run(trial_in("bf16_emulated", model), 1);
    CHECK(emulated.record.precision == "bf16_emulated");
    check_same(run(trial_in("bf16_emulated", model), 2), emulated);
    TrialSpec again = trial_in("bf16_emulated", model);
    again.settings.checkpoint_blocks = true;
    check_same(run(again, 1), emulated);

    const Left plain = run(trial_in("float32", model), 1);
    CHECK(plain.record.precision == "float32");
    CHECK(plain.weights != emulated.weights);
    CHECK(plain.record.evaluations[0].validation ==
          Approx(emulated.record.evaluations[0].validation).margin(0.1));

    if (has_bf16_instructions())
      check_same(run(trial_in("bf16", model), 2), emulated);
    else
      WARN("bf16 by instructions skipped: this machine has none");
  }
}

TEST_CASE("precision: bf16 where the processor lacks it is an error that names the emulation",
          "[precision][suite]") {
  const TemporaryFolder folder;
  const fs::path suite = folder.path / "s.yaml";
  std::ofstream(suite) << "suite: s\n"
                          "seeds: [0]\n"
                          "budget: {steps: 1}\n"
                          "tasks: [parity]\n"
                          "models:\n"
                          "  - lru\n"
                          "  - {name: half, model: lru, precision: bf16}\n";
  const std::string of_suite = "'" + suite.string() + "'";
  const std::string hidden = "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F";
  for (const std::string command : {"plan", "run"}) {
    const Outcome outcome =
        complaint(command + " " + of_suite +
                      (command == "run" ? " --out '" + folder.path.string() + "/out'" : ""),
                  hidden);
    CHECK(outcome.status == 2);
    CHECK(has(outcome.out,
              "s.yaml:7: models.half.precision: precision bf16 needs a processor with AVX512-BF16, "
              "which this machine lacks (kernels: "));
    CHECK(has(outcome.out, "); bf16_emulated gives the same results"));
  }
  CHECK_FALSE(fs::exists(folder.path / "out"));
  // A cluster's nodes may have it.
  std::ofstream(suite, std::ios::app) << "engine: {name: slurm}\n";
  CHECK_FALSE(has(complaint("plan " + of_suite, hidden).out, "AVX512-BF16"));
}

TEST_CASE("precision: a model that was trained in bf16 answers alike where the processor lacks it",
          "[precision]") {
  if (!has_bf16_instructions()) {
    WARN("skipped: this machine has no bf16 instructions");
    return;
  }
  const TemporaryFolder folder;
  const fs::path suite = folder.path / "s.yaml", out = folder.path / "out";
  std::ofstream(suite) << "suite: s\n"
                          "seeds: [0]\n"
                          "budget: {steps: 2}\n"
                          "defaults: {d_model: 16, validation_examples: 8, test_examples: 8}\n"
                          "tasks: [adding_problem]\n"
                          "models: [{name: half, model: lru, precision: bf16}]\n";
  REQUIRE(longhaul_run("run '" + suite.string() + "' --out '" + out.string() + "'").status == 0);
  const fs::path trial = fs::directory_iterator(out / "trials")->path();
  const std::string eval = "eval '" + (trial / "checkpoint.safetensors").string() + "'";
  const Outcome here = longhaul_run(eval);
  CHECK(has(here.out, "loss"));
  CHECK(longhaul_run(eval, "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F").out == here.out);
}

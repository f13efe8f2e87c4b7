// Logits that are not numbers are never an answer: not in a score, a table, a claim or on stdout.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "harness/check/gradcheck.h"
#include "harness/model/stored_model.h"
#include "harness/train/scoring.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/checkpoint.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"
#include "tests/helpers/seen_task.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Not a number in sequences longer than `reach`, in training too if it asks for `always`.
class Brittle final : public Mixer {
 public:
  explicit Brittle(MixerContext& c)
      : reach_(c.options().integer("reach", 30, "positions")),
        weight_(c.weight("w", c.d_model(), c.d_model())) {}
  Tensor forward(const Tensor& x, const Lengths&) const override {
    const Tensor y = matmul(x, weight_);
    return x.dim(1) > reach_ ? y * Tensor(Shape{1}, kNaN) : y;
  }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State& state) const override {
    ++state.position;
    return matmul(x, weight_);
  }

 private:
  int64_t reach_;
  Tensor weight_;
};

Registry with_brittle() {
  Registry registry = registry_with_seen_task();
  registry.mixer<Brittle>({.name = "brittle", .about = "", .source = ""});
  return registry;
}

TrialRecord run_brittle(int64_t reach, const std::vector<int64_t>& lengths,
                        const std::string& pretrain = "none") {
  TrialSpec spec = seen_trial("brittle", 3);
  spec.model_options["reach"] = reach;
  spec.evaluate.lengths = lengths;
  spec.settings.pretrain = pretrain;
  spec.is_pretraining = pretrain != "none";
  const TemporaryFolder folder;
  const Threads one(1);
  return run_trial(spec, with_brittle(), {folder.path, 1});
}

// A trained lru on a task that the program knows, in `folder`.
std::filesystem::path trained(const TemporaryFolder& folder) {
  TrialSpec spec = seen_trial("lru", 2);
  spec.task_name = spec.task = "copy";
  spec.task_options = {{"length", int64_t{20}}, {"tokens", int64_t{3}}};
  const TrialRecord record = run_seen_trial(spec, folder.path, 1);
  INFO(record.message);
  REQUIRE(record.status == Status::ok);
  return folder.path / "checkpoint.safetensors";
}

void spoil(const std::filesystem::path& checkpoint, const std::string& tensor) {
  Checkpoint stored = load_checkpoint(checkpoint);
  for (const NamedTensor& named : stored.tensors)
    if (named.name == tensor) named.value.data()[0] = kNaN;
  save_checkpoint(checkpoint, stored);
}

}  // namespace

TEST_CASE("logits: a row answers if all are numbers and the largest is finite", "[not_a_number]") {
  const Tensor logits =
      Tensor::from({6, 3}, {1, 2, 3, kNaN, 2, 1, 1, 2, kNaN, 1, kInfinity, 2, -kInfinity, 1, 2,  //
                            -kInfinity, -kInfinity, -kInfinity});
  CHECK(rows_without_answer(logits) == 4);
  CHECK(rows_without_answer(Tensor({0, 3})) == 0);
}

TEST_CASE("a length at which logits are not numbers is diverged, the others keep their scores",
          "[not_a_number]") {
  const TrialRecord found = run_brittle(30, {24, 48});
  const TrialRecord record = record_from_json(to_json(found));
  INFO(record.message);
  REQUIRE(record.status == Status::ok);
  REQUIRE(record.evaluations.size() == 2);
  CHECK(record.evaluations[0].ok());
  CHECK(record.evaluations[0].test > 0);
  CHECK(record.evaluations[1].status == Status::diverged);
  CHECK(std::isnan(record.evaluations[1].test));
  CHECK(std::isnan(record.evaluations[1].calibration_error));
  CHECK(record.evaluations[1].validation == record.evaluations[0].validation);
  CHECK(record.evaluations[1].message == "logits of 1920 test answers are not numbers");
}

TEST_CASE("a trial whose logits are not numbers anywhere is diverged", "[not_a_number]") {
  const TrialRecord tests = run_brittle(30, {40, 48});
  CHECK(tests.status == Status::diverged);
  CHECK(tests.message == "logits of 1600 test answers are not numbers");
  CHECK(run_brittle(10, {}).status == Status::diverged);
  CHECK(run_brittle(10, {}, "causal").status == Status::diverged);
}

TEST_CASE("a score of logits that are not numbers is none", "[not_a_number]") {
  const TemporaryFolder folder;
  const auto file = trained(folder);
  const StoredModel stored = load_model(file, registry_with_seen_task());
  std::vector<Batch> batches;
  for (uint64_t seed : {1, 2})
    batches.push_back(random_batch({9, 4}, shape_of(*stored.task), seed));
  CHECK(evaluate(*stored.model, batches).unanswered == 0);
  for (const Parameter& parameter : stored.model->parameters())
    if (parameter.name == "head.bias") parameter.value.data()[3] = kNaN;
  const Score score = evaluate(*stored.model, batches);
  CHECK(score.unanswered == 26);
  CHECK(std::isnan(score.of("accuracy")));
  CHECK(std::isnan(score.of("cross_entropy")));
  CHECK(std::isnan(score.of("ece")));
}

TEST_CASE("eval and forward refuse a checkpoint whose logits are not numbers", "[not_a_number]") {
  const TemporaryFolder folder;
  const auto file = trained(folder);
  const std::string out = (folder.path / "logits.npy").string(), model = file.string();
  CHECK(longhaul_run("eval " + model + " -n 10 --logits " + out).status == 0);
  std::filesystem::remove(out);
  // Tokens [1, 2], int32.
  std::string header = "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2), }";
  header.resize(117, ' ');
  std::string tokens("\x93NUMPY\x01\x00", 8);
  tokens += std::string("\x76\x00", 2) + header + '\n' + std::string("\1\0\0\0\2\0\0\0", 8);
  const TemporaryFile input("tokens.npy", tokens);
  const std::string forward =
      "forward " + model + " --tokens " + input.path().string() + " --out " + out;
  CHECK(longhaul_run(forward).status == 0);
  CHECK(std::filesystem::remove(out));
  spoil(file, "head.bias");
  for (const std::string& command : {"eval " + model + " -n 10 --logits " + out, forward}) {
    const Outcome refused = complaint(command);
    CHECK(refused.status == 2);
    CHECK_THAT(refused.out, Contains("the model gives no answer"));
    CHECK(longhaul_run(command).out.empty());
    CHECK_FALSE(std::filesystem::exists(out));
  }
}

TEST_CASE("gradcheck: one gradient that is not a number is never forgotten", "[not_a_number]") {
  // The elements after it are right.
  class Spoiled final : public Mixer {
   public:
    explicit Spoiled(MixerContext& c) : gain_(c.parameter("gain", {c.d_model()}, constant(1))) {}
    Tensor forward(const Tensor& x, const Lengths&) const override {
      Tensor y = x * gain_;
      record(y, {gain_}, [gain = gain_] { gain.grad()[3] = kNaN; });
      return y;
    }
    State start(int64_t) const override { return {}; }
    Tensor step(const Tensor& x, State&) const override { return x * gain_; }

   private:
    Tensor gain_;
  };
  Registry registry = registry_with_seen_task();
  registry.mixer<Spoiled>({.name = "spoiled", .about = "", .source = ""});
  Options options;
  Settings settings;
  settings.d_model = 8;
  settings.layers = 1;
  const TaskShape shape{.vocab = 5, .classes = 3, .max_length = 9};
  const Model model(registry.model("spoiled"), options, settings, shape, 1);
  bool seen = false;
  for (const GradientCheck& check : check_gradients(model, random_batch({9, 4}, shape, 1)))
    if (check.parameter == "block.0.mixer.gain") {
      seen = true;
      CHECK(std::isnan(check.worst));
      CHECK_FALSE(check.ok);
    }
  CHECK(seen);
}

// What a model learns, and what its checkpoint answers, does not hang on the lengths it is tested
// at.
#include "harness/data/batches.h"
#include "harness/model/stored_model.h"
#include "harness/train/trial.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;

namespace {

const std::vector<OptionMap>& variants() {
  static const std::vector<OptionMap> all{
      {{"scale", std::string("gradmax")}},        {{"logn", true}},
      {{"key_norm", true}, {"query_norm", true}}, {{"hwfa", true}},
      {{"position", std::string("xpos")}},        {{"post_hoc", std::string("pi")}}};
  return all;
}

TrialSpec trial_of(const OptionMap& options, std::vector<int64_t> lengths) {
  TrialSpec spec = seen_trial("transformer", 4);
  spec.settings.layers = 2;
  spec.model_options = options;
  spec.evaluate.lengths = std::move(lengths);
  return spec;
}

}  // namespace

TEST_CASE("a transformer learns the same however long the inputs are that it is tested on",
          "[trial][trained_length]") {
  for (const OptionMap& options : variants()) {
    for (const auto& [name, value] : options) UNSCOPED_INFO(name << ": " << to_text(value));
    const TemporaryFolder alone, beyond;
    const TrialRecord plain = run_seen_trial(trial_of(options, {}), alone.path),
                      tested = run_seen_trial(trial_of(options, {24, 200}), beyond.path);
    REQUIRE(plain.status == Status::ok);
    REQUIRE(tested.status == Status::ok);
    CHECK(tested.train_loss == plain.train_loss);
    CHECK(tested.evaluations[0].test == plain.evaluations[0].test);
    CHECK(tested.evaluations[0].calibration_error == plain.evaluations[0].calibration_error);
    const Registry registry = registry_with_seen_task();
    const StoredModel one = load_model(alone.path / "checkpoint.safetensors", registry),
                      other = load_model(beyond.path / "checkpoint.safetensors", registry);
    for (std::size_t i = 0; i < one.model->parameters().size(); ++i)
      CHECK(max_difference(one.model->parameters()[i].value, other.model->parameters()[i].value) ==
            0);
  }
}

TEST_CASE("a checkpoint gives the same answers without the test lengths of its specification",
          "[trial][trained_length]") {
  const Registry registry = registry_with_seen_task();
  for (const OptionMap& options : variants()) {
    for (const auto& [name, value] : options) UNSCOPED_INFO(name << ": " << to_text(value));
    const TemporaryFolder folder;
    const auto file = folder.path / "checkpoint.safetensors";
    REQUIRE(run_seen_trial(trial_of(options, {24, 200}), folder.path).status == Status::ok);
    const StoredModel stored = load_model(file, registry);
    TrialSpec spec = stored.spec;
    spec.evaluate.lengths.clear();
    save_model(file, *stored.model, spec);
    const StoredModel stripped = load_model(file, registry);
    for (const Batch& batch : draw_all(*stored.task, Split::test, 20))
      CHECK(max_difference(stored.model->forward(batch), stripped.model->forward(batch)) == 0);
  }
}

TEST_CASE("a change after training is none at the length of training", "[trial][trained_length]") {
  for (OptionMap options : {OptionMap{}, OptionMap{{"scale", std::string("gradmax")}},
                            OptionMap{{"key_norm", true}, {"query_norm", true}},
                            OptionMap{{"logn", true}, {"trained_length", int64_t{40}}}}) {
    TrialSpec spec = trial_of(options, {24, 96});
    spec.evaluate.post_hoc = {"pi",        "ntk_aware", "ntk_old", "ntk_fixed",
                              "ntk_mixed", "yarn",      "logn",    "window"};
    const TemporaryFolder folder;
    const TrialRecord record = run_seen_trial(spec, folder.path);
    INFO(record.message);
    REQUIRE(record.status == Status::ok);
    REQUIRE(record.evaluations.size() == 18);
    for (const Evaluation& row : record.evaluations) {
      INFO(row.post_hoc << " at length " << row.length);
      if (row.length == 24) {
        CHECK(row.test == record.evaluations[0].test);
        CHECK(row.calibration_error == record.evaluations[0].calibration_error);
      } else if (row.post_hoc == "pi") {
        CHECK(row.calibration_error != record.evaluations[9].calibration_error);
      }
    }
  }
}

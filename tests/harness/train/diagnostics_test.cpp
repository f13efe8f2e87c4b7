
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/model/stored_model.h"
#include "harness/tables/points_csv.h"
#include "harness/train/attention_numbers.h"
#include "harness/train/diagnostics.h"
#include "support/choices.h"
#include "support/csv.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;

namespace {

TrialSpec small_trial(const std::string& model, const std::vector<std::string>& diagnostics) {
  TrialSpec spec = seen_trial(model, 8);
  spec.settings.d_model = 8;
  spec.settings.layers = 2;
  spec.settings.batch = 8;
  spec.settings.validation_examples = 20;
  spec.settings.test_examples = 20;
  spec.settings.dropout = 0.1;
  spec.settings.weight_decay = 0;
  spec.diagnostics = diagnostics;
  return spec;
}

Trial run(const TrialSpec& spec, const std::filesystem::path& dir, int threads = 1) {
  Trial trial{spec.id(), spec, run_seen_trial(spec, dir, threads), dir};
  INFO(trial.record->message);
  REQUIRE(trial.ok());
  return trial;
}

// "name of layer at step" -> value
std::map<std::string, double> numbers(const Trial& trial) {
  std::map<std::string, double> values;
  Results results;
  results.trials = {trial};
  for (const auto& row : read_csv(diagnostics_csv(results)).rows)
    values[row[3] + " of " + row[2] + " at " + row[1]] = std::stod(row[4]);
  return values;
}

// Every query of two sees both keys, with the same weights.
AttentionRows two_rows(const std::vector<float>& weights) {
  return {Tensor::from({1, 1, 2, 2}, weights), Tensor::from({1, 1, 2, 2}, {1, 0, 0, 1})};
}

}  // namespace

TEST_CASE("diagnostics leave training as it is", "[diagnostics]") {
  for (const char* model : {"transformer", "linear_attention", "lru", "rnn", "m2rnn", "tcn"}) {
    INFO(model);
    const TemporaryFolder with, without, threaded;
    const Trial seen = run(small_trial(model, names_of(diagnostics())), with.path);
    const Trial plain = run(small_trial(model, {}), without.path);
    CHECK(seen.id != plain.id);
    CHECK_FALSE(std::filesystem::exists(without.path / "diagnostics.csv"));
    CHECK(read_text(with.path / "curve.csv") == read_text(without.path / "curve.csv"));
    CHECK(seen.record->flops_per_token == plain.record->flops_per_token);
    CHECK(seen.record->notes == plain.record->notes);
    CHECK(seen.record->peak_activation_bytes == plain.record->peak_activation_bytes);
    const Registry registry = registry_with_seen_task();
    const StoredModel a = load_model(with.path / "checkpoint.safetensors", registry);
    const StoredModel b = load_model(without.path / "checkpoint.safetensors", registry);
    CHECK(a.spec.diagnostics == names_of(diagnostics()));
    for (std::size_t i = 0; i < a.model->parameters().size(); ++i) {
      const Tensor &x = a.model->parameters()[i].value, &y = b.model->parameters()[i].value;
      CHECK(std::equal(x.data(), x.data() + x.size(), y.data(), y.data() + y.size()));
    }
    run(small_trial(model, names_of(diagnostics())), threaded.path, 2);
    CHECK(read_text(with.path / "diagnostics.csv") == read_text(threaded.path / "diagnostics.csv"));
  }
}

TEST_CASE("diagnostics: every layer that has weights or a state says so", "[diagnostics]") {
  const TemporaryFolder folder;
  const auto attention =
      numbers(run(small_trial("transformer", names_of(diagnostics())), folder.path));
  for (const char* layer : {"0", "1"}) {
    for (const char* step : {"4", "8"})
      for (const char* name : {"attention_concentration", "effective_rank", "attended_distance",
                               "first_share", "cosine_mean", "cosine_deviation", "state_norm"}) {
        INFO(name);
        CHECK(attention.at(text(name, " of ", layer, " at ", step)) > (name[0] == 'c' ? -1 : 0));
      }
    CHECK(attention.at(text("gradient_norm of ", layer, " at 1")) <
          attention.at("gradient_norm of  at 1"));
  }
  CHECK(attention.count("gradient_norm of  at 5") == 1);  // the first after a validation pass
  CHECK(attention.count("gradient_norm of  at 2") == 0);

  const auto recurrent = numbers(run(small_trial("lru", names_of(diagnostics())), folder.path));
  CHECK(recurrent.count("state_norm of 1 at 8") == 1);
  CHECK(recurrent.count("attention_concentration of 0 at 8") == 0);

  write_atomically(folder.path / "diagnostics.csv", "step,layer,name,value\n4,0\n");
  Results damaged;
  damaged.trials = {Trial{"id", small_trial("lru", {"state_norm"}), TrialRecord(), folder.path}};
  CHECK_THROWS_WITH(diagnostics_csv(damaged), Catch::Matchers::Contains("diagnostics.csv:"));
}

TEST_CASE("diagnostics: a nonlinear recurrence tells its exponent, its solver its sweeps",
          "[diagnostics]") {
  for (const char* model : {"rnn", "m2rnn"}) {
    INFO(model);
    TrialSpec spec = small_trial(model, {"lyapunov_exponent", "notes"});
    const TemporaryFolder folder;
    const auto stepped = numbers(run(spec, folder.path));
    for (const char* layer : {"0", "1"})
      for (const char* step : {"4", "8"}) {
        const double exponent = stepped.at(text("lyapunov_exponent of ", layer, " at ", step));
        CHECK(exponent < 0);  // a fresh cell forgets
        CHECK(exponent > -5);
      }
    CHECK(stepped.count("lyapunov_exponent of  at 4") == 0);

    spec.model_options = {{"solver", std::string("newton")}};
    const auto swept = numbers(run(spec, folder.path));
    for (const char* step : {"1", "5"}) {
      CHECK(swept.at(text("solver.iterations of  at ", step)) > 1);
      CHECK(swept.at(text("solver.residual of  at ", step)) < 1e-6);
      CHECK(swept.at(text("solver.unconverged of  at ", step)) == 0);
    }
    CHECK(swept.count("solver.iterations of  at 2") == 0);
  }
  const TemporaryFolder folder;
  const auto none = numbers(run(small_trial("lru", {"lyapunov_exponent", "notes"}), folder.path));
  CHECK(none.empty());
}

TEST_CASE("diagnostics: sgd steps along the gradient, adamw beside it", "[diagnostics]") {
  TrialSpec spec = small_trial("transformer", {"update_cosine"});
  spec.settings.warmup = 0;
  spec.settings.learning_rate = 1e-2;
  spec.settings.optimizer = "sgd";
  const TemporaryFolder folder;
  const auto sgd = numbers(run(spec, folder.path));
  CHECK(sgd.at("update_cosine of  at 1") > 0.9999);
  CHECK(sgd.at("update_cosine_least of  at 1") > 0.999);
  CHECK(sgd.at("predicted_change of  at 1") < 0);
  CHECK(sgd.at("measured_change of  at 1") ==
        Approx(sgd.at("predicted_change of  at 1")).epsilon(0.2));

  spec.settings.optimizer = "adamw";
  spec.settings.learning_rate = 1e-4;
  const auto adamw = numbers(run(spec, folder.path));
  CHECK(adamw.at("update_cosine of  at 1") < 0.95);
  CHECK(adamw.at("update_cosine_median of  at 1") >= adamw.at("update_cosine_least of  at 1"));
  CHECK(adamw.at("measured_change of  at 1") ==
        Approx(adamw.at("predicted_change of  at 1")).epsilon(0.2));
}

TEST_CASE("diagnostics: random features that are drawn anew are no update", "[diagnostics]") {
  TrialSpec spec = small_trial("linear_attention", {"update_cosine"});
  spec.model_options["feature"] = std::string("favor");
  spec.model_options["redraw"] = int64_t{1};
  spec.settings.learning_rate = 1e-2;
  spec.settings.optimizer = "sgd";
  spec.settings.momentum = 0;
  const TemporaryFolder folder;
  int64_t later = 0;  // than the first step, which draws nothing anew
  for (const auto& [name, value] : numbers(run(spec, folder.path))) {
    if (name.rfind("update_cosine of  at ", 0) != 0) continue;
    INFO(name);
    CHECK(value > 0.999);
    later += name != "update_cosine of  at 1";
  }
  CHECK(later > 0);
}

TEST_CASE("diagnostics: equal weights are flat and of rank 1, one key each sharp and of full rank",
          "[diagnostics]") {
  const AttentionNumbers flat = attention_numbers(two_rows({0.5f, 0.5f, 0.5f, 0.5f}), {0, 1});
  CHECK(flat.concentration == Approx(1));
  CHECK(flat.effective_rank == Approx(1));
  CHECK(flat.distance == Approx(0.5));
  CHECK(flat.first_share == Approx(0.5));
  CHECK(flat.cosine_mean == Approx(0.5));
  CHECK(flat.cosine_deviation == Approx(0.5));
  const AttentionNumbers sharp = attention_numbers(two_rows({0, -2, 1, 0}), {0, 1});
  CHECK(sharp.concentration == Approx(1 / std::sqrt(2)));
  CHECK(sharp.distance == Approx(1));
  CHECK(sharp.first_share == Approx(0.5));  // nothing, then all
  CHECK(sharp.effective_rank ==             // singular values 2 and 1
        Approx(std::exp(2 / 3.0 * std::log(1.5) + std::log(3.0) / 3)));
  CHECK(std::isnan(attention_numbers(two_rows({0, 0, 0, 0}), {0, 1}).concentration));
}

TEST_CASE("diagnostics: a trial without any keeps its id, and one with an unknown name is refused",
          "[diagnostics]") {
  const TrialSpec plain = small_trial("lru", {}), asked = small_trial("lru", {"state_norm"});
  CHECK_FALSE(to_json(plain).contains("diagnostics"));
  CHECK(trial_from_json(to_json(asked)).diagnostics == asked.diagnostics);
  const TemporaryFolder folder;
  const TrialRecord wrong = run_seen_trial(small_trial("lru", {"state_norms"}), folder.path, 1);
  CHECK(wrong.status == Status::failed);
  CHECK_THAT(wrong.message, Catch::Matchers::StartsWith(
                                "no diagnostic 'state_norms'; did you mean 'state_norm'? known: "));
}

// Metrics that a plugin brings.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/builtins.h"
#include "core/metrics.h"
#include "core/plugin_loader.h"
#include "harness/claims/claim.h"
#include "harness/data/batches.h"
#include "harness/results/points.h"
#include "harness/suite/grid.h"
#include "harness/suite/suite.h"
#include "harness/tables/compare.h"
#include "harness/tables/export.h"
#include "harness/tables/table.h"
#include "harness/train/scoring.h"
#include "harness/train/trial.h"
#include "support/choices.h"
#include "support/csv.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/program.h"
#include "tests/helpers/seen_task.h"
#include "tests/helpers/threads.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

const fs::path kMacroF1 = fs::path(LONGHAUL_TEST_PLUGINS) / "test_plugin_macro_f1.so";
const fs::path kOddMetrics = fs::path(LONGHAUL_TEST_PLUGINS) / "test_plugin_metrics.so";

Registry with_metrics() {
  Registry registry = registry_with_seen_task();
  load_plugin(kMacroF1, registry);
  load_plugin(kOddMetrics, registry);
  return registry;
}

double macro_f1(const std::vector<int32_t>& given, const std::vector<int32_t>& asked, int classes) {
  double total = 0, counted = 0;
  for (int c = 0; c < classes; ++c) {
    double right = 0, wrong = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      right += given[i] == c && asked[i] == c;
      wrong += (given[i] == c) != (asked[i] == c);
    }
    if (right + wrong == 0) continue;
    total += right / (right + wrong / 2);
    ++counted;
  }
  return total / counted;
}

// What a model of so many steps finds on the task "seen".
TrialRecord measured(const std::vector<std::string>& metrics, int64_t steps = 4) {
  const TemporaryFolder folder;
  TrialSpec spec = seen_trial("min_gru", steps);
  spec.metrics = metrics;
  const Threads one(1);
  return run_trial(spec, with_metrics(), {folder.path, 1});
}

fs::path suite_file(const fs::path& folder, const std::string& more) {
  const fs::path file = folder / "s.yaml";
  std::ofstream(file) << "suite: s\nseeds: [0]\nbudget: {steps: 3}\n"
                      << "plugins: [" << kMacroF1.string() << ", " << kOddMetrics.string() << "]\n"
                      << "defaults: {d_model: 8, layers: 1, batch: 4, test_examples: 20, "
                      << "validation_examples: 10, evaluations: 2}\n"
                      << "models: [lru, transformer]\n"
                      << "tasks: [{task: mqar, name: mqar, length: 16, pairs: 2}]\n"
                      << more;
  return file;
}

std::string problems_with(const fs::path& folder, const std::string& more) {
  Registry registry;
  register_builtins(registry);
  try {
    load_suite(suite_file(folder, more), registry);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("registry: it begins with the built-in metrics, and refuses what cannot be one",
          "[plugin][metric]") {
  Registry registry;
  CHECK(names_of(registry.metrics()) == names_of(builtin_metrics()));
  CHECK_THROWS_WITH(registry.metric("acuracy"),
                    Contains("no metric 'acuracy'; did you mean 'accuracy'?"));
  registry.set_origin("x.so");
  const auto sums = [](const Tensor&, const Batch&) { return std::vector<double>{}; };
  const auto value = [](const std::vector<double>&) { return 0.0; };
  CHECK_THROWS_WITH(
      registry.metric({.name = "ece", .about = "", .source = "", .sums = sums, .value = value}),
      Contains("metric 'ece' from x.so is already registered from builtin"));
  CHECK_THROWS_WITH(
      registry.metric({.name = "none", .about = "", .source = "", .sums = {}, .value = value}),
      Contains("metric 'none' (from x.so) has no sums"));
  CHECK_THROWS_WITH(
      registry.metric({.name = "none", .about = "", .source = "", .sums = sums, .value = {}}),
      Contains("metric 'none' (from x.so) has no value"));
}

TEST_CASE("a plugin's metric is that of all examples, whatever their batches", "[plugin][metric]") {
  const Registry registry = with_metrics();
  Options none;
  const auto task = registry.task("seen").make(none);
  const TrialSpec spec = seen_trial("min_gru", 1);
  const Model model(registry.model("min_gru"), none, spec.settings, shape_of(*task), 1);
  const std::vector<Batch> batches = draw_all(*task, Split::test, 40);
  REQUIRE(batches.size() > 3);
  std::vector<int32_t> given, asked;
  for (const Batch& batch : batches) {
    const Tensor logits = model.forward(batch);
    for (int64_t r = 0; r < logits.dim(0); ++r) {
      const float* row = logits.data() + r * logits.dim(1);
      given.push_back(static_cast<int32_t>(std::max_element(row, row + logits.dim(1)) - row));
      asked.push_back(batch.targets[static_cast<std::size_t>(r)]);
    }
  }
  const auto metrics = with_builtin_metrics({"macro_f1", "scored", "mean_logit"}, registry);
  const Score score = with_threads(1, [&] { return evaluate(model, batches, metrics); });
  CHECK(score.of("macro_f1") == Approx(macro_f1(given, asked, static_cast<int>(task->classes()))));
  CHECK(score.of("scored") == static_cast<double>(given.size()));
  CHECK(std::isnan(score.of("absolute_errors")));  // not asked for
  for (const int threads : {2, 3}) {
    const Score again = with_threads(threads, [&] { return evaluate(model, batches, metrics); });
    for (const auto& [name, value] : score.values) {
      INFO(name);
      CHECK(std::memcmp(&again.values.at(name), &value, sizeof(double)) == 0);
    }
  }
}

TEST_CASE("a trial's record and curve have the metrics it was asked for", "[plugin][metric]") {
  const TrialRecord record = measured({"macro_f1", "nowhere", "scored"});
  REQUIRE(record.message.empty());
  CHECK(record.metrics == std::map<std::string, Better>{{"macro_f1", Better::higher},
                                                        {"nowhere", Better::lower},
                                                        {"scored", Better::neither}});
  const auto& found = record.evaluations.front().metrics;
  CHECK(found.at("macro_f1") > 0);
  CHECK(std::isnan(found.at("nowhere")));
  const TrialRecord read = record_from_json(to_json(record));
  CHECK(read.metrics == record.metrics);
  CHECK(read.evaluations.front().metrics.at("macro_f1") == found.at("macro_f1"));
  CHECK(std::isnan(read.evaluations.front().metrics.at("nowhere")));

  const TrialRecord plain = measured({});
  CHECK(plain.evaluations.front().test == record.evaluations.front().test);
  CHECK_FALSE(to_json(plain).contains("metrics"));
  CHECK_FALSE(to_json(plain)["evaluations"][0].contains("metrics"));
}

TEST_CASE("a metric that throws costs its trial, which says so", "[plugin][metric]") {
  const auto message_of = [](const std::string& metric) {
    const TrialRecord record = measured({metric});
    CHECK(record.status == Status::failed);
    return record.message;
  };
  CHECK_THAT(message_of("throws"), Contains("metric 'throws' (" + kOddMetrics.string() +
                                            "): its sums throws: no such row"));
  CHECK_THAT(message_of("throws_later"),
             Contains("metric 'throws_later'") && Contains("its value throws: no sums"));
  CHECK_THAT(message_of("macro_f2"), Contains("no metric 'macro_f2'; did you mean 'macro_f1'?"));
}

TEST_CASE("a metric gives as many sums of every batch", "[plugin][metric]") {
  const Registry registry = with_metrics();
  Options none;
  const TaskShape shape{.vocab = 7, .classes = 4, .max_length = 9, .readout = Readout::token};
  const Model model(registry.model("min_gru"), none, {.d_model = 8, .layers = 1}, shape, 1);
  Batch longer, shorter;
  for (Batch* batch : {&longer, &shorter}) {
    batch->size = 1;
    batch->length = batch == &longer ? 5 : 4;
    batch->lengths = {batch->length};
    batch->tokens.assign(static_cast<std::size_t>(batch->length), 1);
    batch->rows = {0};
    batch->targets = {1};
  }
  CHECK_THROWS_WITH(
      evaluate(model, {longer, shorter}, with_builtin_metrics({"uneven"}, registry)),
      Contains("metric 'uneven' (") && Contains("): gives 5 sums of one batch and 4 of another"));
}

TEST_CASE("metrics: names of plugins' metrics, each problem where it stands", "[plugin][metric]") {
  const TemporaryFolder folder;
  CHECK_THAT(problems_with(folder.path, "metrics: [macro_f2]\n"),
             Contains("s.yaml:8: metrics: found 'macro_f2', allowed: macro_f1, ") &&
                 Contains("did you mean 'macro_f1'?"));
  CHECK_THAT(problems_with(folder.path, "metrics: [accuracy]\n"), Contains("found 'accuracy'"));
  CHECK_THAT(problems_with(folder.path, "metrics: [steps]\n"),
             Contains("s.yaml:8: metrics: 'steps' is a name that tables have already"));
  CHECK_THAT(problems_with(folder.path, "metrics: [absolute_errors]\n"),
             Contains("s.yaml:8: metrics: absolute_errors is of answers that are real numbers, "
                      "which no task of the suite has"));
  CHECK(problems_with(folder.path, "metrics: [macro_f1, scored]\n").empty());

  const fs::path bare = folder.path / "bare.yaml";
  std::ofstream(bare) << "suite: s\nseeds: [0]\nbudget: {steps: 3}\nmodels: [lru]\n"
                      << "tasks: [mqar]\nmetrics: [macro_f1]\n";
  Registry registry;
  register_builtins(registry);
  CHECK_THROWS_WITH(load_suite(bare, registry),
                    Contains("bare.yaml:6: metrics: no loaded plugin brings one"));
}

TEST_CASE("a suite's metric stands in its files, which need no plugin to be read",
          "[plugin][metric]") {
  const TemporaryFolder folder;
  const fs::path file = suite_file(folder.path, "metrics: [macro_f1, mean_logit, nowhere]\n");
  const fs::path out = folder.path / "out";
  Registry registry;
  register_builtins(registry);
  const Suite suite = load_suite(file, registry);
  const TrialSpec spec = grid(suite, registry).front();
  CHECK(spec.plugins.size() == 2);
  TrialSpec plain = spec;
  plain.metrics.clear();
  CHECK(plain.id() != spec.id());

  const Outcome run = longhaul_run("run " + file.string() + " --out " + out.string() + " 2>&1");
  INFO(run.out);
  REQUIRE(run.status == 0);
  const Results results = load_results(out);
  std::map<std::string, int> points;
  for (const CurvePoint& point : curve_of(results.trials.front()))
    points[point.split + " " + point.metric] += point.split == "validation";
  CHECK(points == std::map<std::string, int>{{"train loss", 0},
                                             {"validation accuracy", 2},
                                             {"validation loss", 2},
                                             {"validation macro_f1", 2},
                                             {"validation mean_logit", 2},
                                             {"validation nowhere", 2}});

  const Outcome table = longhaul_run("table " + out.string() + " --metric macro_f1");
  CHECK(table.status == 0);
  CHECK(has(table.out, "test macro_f1"));
  CHECK(has(longhaul_run("table " + out.string() + " --metric nowhere").out, "not a number"));
  CHECK(has(complaint("table " + out.string() + " --metric macro_f2").out,
            "did you mean 'macro_f1'?"));

  // A results.csv alone says the same.
  const fs::path alone = folder.path / "alone";
  const Outcome exported =
      longhaul_run("export " + out.string() + " -o " + alone.string() + " 2>&1");
  INFO(exported.out);
  CHECK(exported.status == 0);
  const CsvTable csv = read_csv(read_file(alone / "results.csv"));
  const std::vector<std::string> last(csv.columns.end() - 4, csv.columns.end());
  CHECK(last ==
        std::vector<std::string>{"metrics", "test_macro_f1", "test_mean_logit", "test_nowhere"});
  CHECK(csv.rows[0][csv.rows[0].size() - 4] == "macro_f1=higher mean_logit=lower nowhere=lower");
  CHECK(csv.rows[0].back().empty());
  const Results read = load_results(alone);
  CHECK(asked_metrics(read) == asked_metrics(results));
  CHECK(make_table(read, "mean_logit").models[0][1].value ==
        make_table(results, "mean_logit").models[0][1].value);
  CHECK(longhaul_run("export " + out.string() + " --columns test_macro_f1 -o " +
                     (folder.path / "one").string())
            .status == 0);
  CHECK(longhaul_run("compare " + out.string() + " " + alone.string() + " --metric macro_f1")
            .status == 0);
}

TEST_CASE("the best of a table is where the record says that a metric is better",
          "[plugin][metric]") {
  Results results;
  results.trials = {made_up_trial("gru", "mqar", 0, 0.5), made_up_trial("lru", "mqar", 0, 0.5)};
  for (Trial& trial : results.trials) {
    trial.spec.metrics = {"edits"};
    trial.record->metrics = {{"edits", Better::lower}};
    trial.record->evaluations[0].metrics = {{"edits", trial.spec.model == "lru" ? 2.5 : 3}};
  }
  const Table table = make_table(results, "edits");
  CHECK(table.models[1][1].value == "2.5");
  CHECK(table.models[1][1].is_best);
  CHECK_FALSE(table.models[0][1].is_best);
  Results worse = results;
  worse.trials[1].record->evaluations[0].metrics["edits"] = 4;
  const Comparison comparison = compare_results(results, worse, "edits", 1);
  CHECK_FALSE(comparison.cells[0].is_worse);
  CHECK(comparison.cells[1].is_worse);
}

TEST_CASE("a claim's number may be a plugin's metric", "[plugin][metric]") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "better.yaml";
  const auto write = [&](const std::string& column) {
    std::ofstream(file)
        << "claim: better\nsays: It is better.\nsource: a test\npublished: none\nsuite:\n"
        << "  seeds: [0]\n  budget: {steps: 3}\n"
        << "  plugins: [" << kMacroF1.string() << "]\n  metrics: [macro_f1]\n"
        << "  models: [lru]\n  tasks: [mqar]\n"
        << "numbers: {f1: {column: " << column << ", model: lru}}\n"
        << "confirmed: [{number: f1, above: 0.5}]\n"
        << "refuted: [{number: f1, at_most: 0.5}]\n";
  };
  Registry registry;
  register_builtins(registry);
  write("test_macro_f1");
  CHECK_NOTHROW(load_claim(file, registry));
  write("test_macro_f2");
  CHECK_THROWS_WITH(load_claim(file, registry), Contains("test_macro_f1"));
}

TEST_CASE("list, show and eval have a plugin's metrics beside the built-in ones",
          "[plugin][metric]") {
  const std::string with = " --plugin " + kMacroF1.string();
  CHECK_FALSE(has(longhaul_run("list metrics").out, "macro_f1"));
  CHECK(has(longhaul_run("list metrics").out, "string_accuracy"));
  CHECK(has(longhaul_run("list metrics" + with).out,
            "2 right / (given + asked) (" + kMacroF1.string() + ")"));
  CHECK(has(longhaul_run("show metric macro_f1" + with).out, "higher"));

  const TemporaryFolder folder;
  const fs::path suite = suite_file(folder.path, "");
  const fs::path out = folder.path / "out";
  REQUIRE(longhaul_run("run " + suite.string() + " --out " + out.string()).status == 0);
  const fs::path trial = fs::directory_iterator(out / "trials")->path();
  const std::string checkpoint = (trial / "checkpoint.safetensors").string();
  CHECK_FALSE(has(longhaul_run("eval " + checkpoint).out, "macro_f1"));
  CHECK(has(longhaul_run("eval " + checkpoint + with).out, "macro_f1   "));
}


#include <cstdlib>
#include <system_error>

#include "harness/report/gnuplot.h"
#include "harness/report/html.h"
#include "harness/report/plot.h"
#include "harness/report/report.h"
#include "harness/results/points.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/made_up_throughput.h"
#include "tests/helpers/program.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

const std::string kOdd = "<script>alert('&')</script>`touch x`\n\"$(touch x)";

// Three models on two tasks at two lengths, one seed of them diverged, with curves, diagnostics and
// throughput.
Results everything(const std::filesystem::path& folder) {
  Results results;
  for (const std::string& model : {std::string("lru"), std::string("rnn"), kOdd})
    for (const std::string task : {"mqar", "listops"})
      for (uint64_t seed = 0; seed < 2; ++seed) {
        Trial trial = made_up_trial(model, task, seed, 0.5 + 0.1 * static_cast<double>(seed));
        trial.dir = folder / std::to_string(results.trials.size());
        trial.spec.budget.steps = 600;
        trial.spec.diagnostics = {"state_norm"};
        trial.record->evaluations = {{64, 0.6, 0.6, "", "", {0.1, 0.1, 0.2}},
                                     {256, 0.4, 0.5, "", "", {0.1, 0.1, 0.2}}};
        std::filesystem::create_directories(trial.dir);
        write_atomically(trial.dir / "curve.csv",
                         to_csv(std::vector<CurvePoint>{{1, "train", "loss", 2},
                                                        {2, "train", "loss", 1.5},
                                                        {2, "validation", "accuracy", 0.5}}));
        write_atomically(trial.dir / "diagnostics.csv",
                         to_csv(std::vector<DiagnosticPoint>{
                             {1, 0, "state_norm", 3}, {2, 1, "state_norm", 4}, {2, {}, kOdd, 5}}));
        results.trials.push_back(trial);
      }
  diverge(results.trials[1]);
  for (const Phase phase : {Phase::train, Phase::decode})
    for (const ThroughputRow& row : made_up_rows(kOdd, phase, [](double l) { return 1e-4 * l; }))
      results.throughput.push_back(row);
  return results;
}

}  // namespace

TEST_CASE("a report has a section for all that the results hold", "[report]") {
  const TemporaryFolder folder;
  const Results results = everything(folder.path);
  const std::string page = report_html(results);
  for (const char* section : {"Accuracy and cost", "Accuracy against speed", "Ranks over the tasks",
                              "Other lengths than in training", "Learning curves", "Throughput",
                              "Diagnostics by layer", "Trials that failed", "Trials"})
    CHECK_THAT(page, Contains(std::string(">") + section + "</h2>"));
  CHECK_THAT(page, Contains("<dt>trials</dt><dd>11 of 12 ok, 1 failed</dd>"));
  CHECK_THAT(page, Contains("<dt>budget</dt><dd>600 steps</dd>"));
  CHECK_THAT(page, Contains("lru on mqar, seed 1: diverged: loss is nan at step 17"));
  CHECK_THAT(page, Contains("time ~ L^1.00 ±0.00"));
  CHECK_THAT(page, Contains("60.0<i"));  // the table's numbers
  CHECK(report_html(results) == page);
}

TEST_CASE("a report draws accuracy against state where a model has several sizes", "[report]") {
  Results results;
  for (const int64_t state : {16, 32}) {
    Trial trial = made_up_trial("lru-state" + std::to_string(state), "mqar", 0, 0.5);
    trial.spec.model = "lru";
    trial.spec.model_options["state"] = state;
    trial.record->state_bytes = 8 * state;
    results.trials.push_back(trial);
  }
  const std::string page = report_html(results);
  CHECK_THAT(page, Contains(">Accuracy against state</h2>"));
  CHECK_THAT(page, Contains("lru-state16, lru-state32"));  // one line, and one mark in the legend
  CHECK_THAT(page, Contains("128%2C50"));                  // its numbers: bytes, percent
  CHECK_THAT(page, Contains("256%2C50"));

  results.trials[1].spec.model_options["reverse"] = std::string("shared");  // another kind of model
  CHECK_THAT(report_html(results), !Contains("Accuracy against state"));
}

TEST_CASE("lines that are more than a reader tells apart have small pictures of their own",
          "[report]") {
  const auto page_of = [](int models) {
    Results results;
    for (int model = 0; model < models; ++model) {
      Trial trial = made_up_trial("model" + std::to_string(model), "mqar", 0, 0.5);
      trial.record->evaluations = {{64, 0.6, 0.6, "", "", {0.1, 0.1, 0.2}},
                                   {256, 0.4, 0.5, "", "", {0.1, 0.1, 0.2}}};
      results.trials.push_back(trial);
    }
    return report_html(results);
  };
  CHECK_THAT(page_of(7), Contains("aria-label=\"mqar, model6: test accuracy, % over length of the "
                                  "test examples, positions\""));
  CHECK_THAT(page_of(6), !Contains("aria-label=\"mqar, model"));
}

TEST_CASE("a report leaves out what the results do not hold", "[report]") {
  Results results;
  CHECK_FALSE(has_report(results));
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  const std::string page = report_html(results);
  CHECK_THAT(page, Contains(">Accuracy against speed</h2>"));
  for (const char* section :
       {"Ranks", "Other lengths", "Learning", "Throughput", "Diagnostics", "failed"})
    CHECK_THAT(page, !Contains(std::string(section)));
}

TEST_CASE("names cannot break out of a report, which asks for nothing outside", "[report]") {
  const TemporaryFolder folder;
  const std::string page = report_html(everything(folder.path));
  CHECK_THAT(page, Contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;`touch x` &quot;"));
  std::size_t scripts = 0;  // the page's own, and no other
  for (std::size_t at = 0; (at = page.find("<script", at)) != std::string::npos; ++at) ++scripts;
  CHECK(scripts == 1);
  for (const char* outside : {"src=", "<link", "@import", "http:", "https:"})
    CHECK_THAT(page, !Contains(outside));
  CHECK_FALSE(std::filesystem::exists("x"));
}

TEST_CASE("every picture has a name, its numbers as a file, and lines that say whose they are",
          "[report]") {
  const TemporaryFolder folder;
  const std::string page = report_html(everything(folder.path));
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = page.find(what, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  CHECK(count("<svg ") > 5);
  CHECK(count("<svg aria-label=\"") == count("<svg "));
  CHECK(count("save numbers</a>") == count("<svg ") - 1);  // the chart of ranks has its table
  const std::string lru = "data-series=\"" + series_key(plot_style(0)) + "\"";
  CHECK(count("<span " + lru) > 0);             // in a legend
  CHECK(count("gnuplot_plot_1\" " + lru) > 0);  // in a picture
  CHECK_THAT(page, Contains("download=\"mqar.csv\" href=\"data:text/csv,series%2C"));
}

TEST_CASE("a table in HTML leaves room for intervals and marks", "[report]") {
  Table table;
  table.title = "a < b";
  table.header = {"model", "task"};
  table.models = {{{"lru"}, {"63.2", "1.4", "", true}}, {{"rnn"}, {"diverged"}}};
  const std::string html = to_html(table);
  CHECK_THAT(html, Contains("<caption><span>a &lt; b</span></caption>"));
  CHECK_THAT(html, Contains("<td class=\"flat\">63.2<i style=\"width:6ch\"> ±1.4*</i></td>"));
  CHECK_THAT(html, Contains("<td>diverged<i style=\"width:6ch\"></i></td>"));
}

TEST_CASE("a missing gnuplot is an error of the environment that says what to install",
          "[report]") {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  CHECK_THROWS_WITH(run_gnuplot("print 1"), Contains("apt install gnuplot-nox"));
  setenv("PATH", path.c_str(), 1);
  CHECK_THROWS_WITH(run_gnuplot("no command"), Contains("invalid command"));
}

TEST_CASE("cli: report writes its page and prints where it is", "[report][cli]") {
  const TemporaryFolder folder;
  const std::string dir = folder.path.string();
  Trial trial = made_up_trial("lru", "mqar", 0, 0.5);
  std::filesystem::create_directories(folder.path / "trials");
  write_order(folder.path, {trial.spec});
  Outcome nothing = complaint("report " + dir);
  CHECK(nothing.status == 2);
  CHECK(has(nothing.out, "nothing to report yet"));

  const auto trial_dir = folder.path / "trials" / trial.spec.id();
  std::filesystem::create_directories(trial_dir);
  write_record(trial_dir, *trial.record);
  CHECK(longhaul_run("report " + dir).out == dir + "/report.html\n");
  CHECK_THAT(read_text(folder.path / "report.html"), Contains("<title>longhaul: made up</title>"));
  CHECK(longhaul_run("report " + dir + " -o " + dir + "/no/folder.html").status == 3);
}

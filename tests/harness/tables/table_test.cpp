
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "harness/tables/results_csv.h"
#include "harness/tables/summary.h"
#include "harness/tables/table.h"
#include "harness/tables/table_formats.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;

TEST_CASE("a table for the terminal", "[table]") {
  CHECK(to_text(make_table(made_up_results())) ==
        R"(made up: test accuracy in percent, mean ±half-width of the 95% interval over seeds

model                          listops                           mqar       params  train tok/s  activations  resident     state
--------------------------------------------------------------------------------------------------------------------------------
linear_attention            63.2 ±4.8   99.5 ±1.2                      41.8k–43.1k        84.3k     12.3 MiB  85.8 MiB  64.0 KiB
odd, "quoted"|50%_of\nrows  25.0 ±2.5*  51.0 ±12.7  (1 of 3 diverged)  41.8k–43.1k        84.3k     12.3 MiB  85.8 MiB  64.0 KiB
ünïcode 模型                  diverged  26.0 ±0.0 * (1 of 3 waiting)         43.1k        84.2k     12.3 MiB  85.8 MiB         -
--------------------------------------------------------------------------------------------------------------------------------
chance                      10.0        10.0
majority                    12.5        12.5
shallow                     25.0        25.0

* no learning shown: the test accuracy is not above the best of chance, majority and shallow by both its 95% interval over seeds and that of the test examples
mean and interval are over the seeds that are not named as failed or waiting
chance, majority, shallow: scores of rules without a sequence model on the same test examples
params: least and most over the tasks, whose vocabularies differ; train tok/s: median of the trials; activations: peak, the trials' largest; resident: memory of a trial's process at its most, the trials' largest; state: of one sequence in decoding, the trials' largest
)");
}

TEST_CASE("a table in markdown", "[table]") {
  CHECK(to_markdown(make_table(made_up_results())) ==
        R"(made up: test accuracy in percent, mean ±half-width of the 95% interval over seeds

| model | listops | mqar | params | train tok/s | activations | resident | state |
|:---|---:|---:|---:|---:|---:|---:|---:|
| linear_attention | 63.2 ±4.8 | 99.5 ±1.2 | 41.8k–43.1k | 84.3k | 12.3 MiB | 85.8 MiB | 64.0 KiB |
| odd, "quoted"\|50%\_of\\nrows | 25.0 ±2.5\* | 51.0 ±12.7 (1 of 3 diverged) | 41.8k–43.1k | 84.3k | 12.3 MiB | 85.8 MiB | 64.0 KiB |
| ünïcode 模型 | diverged | 26.0 ±0.0\* (1 of 3 waiting) | 43.1k | 84.2k | 12.3 MiB | 85.8 MiB | - |
| chance | 10.0 | 10.0 |  |  |  |  |  |
| majority | 12.5 | 12.5 |  |  |  |  |  |
| shallow | 25.0 | 25.0 |  |  |  |  |  |

\* no learning shown: the test accuracy is not above the best of chance, majority and shallow by both its 95% interval over seeds and that of the test examples

mean and interval are over the seeds that are not named as failed or waiting

chance, majority, shallow: scores of rules without a sequence model on the same test examples

params: least and most over the tasks, whose vocabularies differ; train tok/s: median of the trials; activations: peak, the trials' largest; resident: memory of a trial's process at its most, the trials' largest; state: of one sequence in decoding, the trials' largest
)");
}

TEST_CASE("a table in CSV", "[table]") {
  CHECK(
      to_csv(make_table(made_up_results())) ==
      R"(model,listops,listops_half_width,listops_at_baseline,listops_note,mqar,mqar_half_width,mqar_at_baseline,mqar_note,params,train tok/s,activations,resident,state
linear_attention,0.632,0.047912313068664725,false,,0.995,0.012420688558751647,false,,43120,84300,12900000,9e+07,65536
"odd, ""quoted""|50%_of
rows",0.25,0.024841377117503293,true,,0.51,0.1270620473617468,false,1 of 3 diverged,43120,84300,12900000,9e+07,65536
ünïcode 模型,,,,diverged,0.26,0,true,1 of 3 waiting,43120,84250,12900000,9e+07,
chance,0.1,,,,0.1,,,,,,,,
majority,0.125,,,,0.125,,,,,,,,
shallow,0.25,,,,0.25,,,,,,,,
)");
}

TEST_CASE("a table in LaTeX", "[table]") {
  CHECK(to_latex(make_table(made_up_results())) == R"(% needs \usepackage{booktabs}
\begin{table}
  \centering
  \begin{tabular}{lrrrrrrr}
    \toprule
    model & listops & mqar & params & train tok/s & activations & resident & state \\
    \midrule
    linear\_attention & \textbf{63.2 $\pm$4.8} & \textbf{99.5 $\pm$1.2} & 41.8k--43.1k & 84.3k & 12.3 MiB & 85.8 MiB & 64.0 KiB \\
    odd, "quoted"\textbar{}50\%\_of\textbackslash{}nrows & 25.0 $\pm$2.5$^{*}$ & 51.0 $\pm$12.7 (1 of 3 diverged) & 41.8k--43.1k & 84.3k & 12.3 MiB & 85.8 MiB & 64.0 KiB \\
    ünïcode 模型 & diverged & 26.0 $\pm$0.0$^{*}$ (1 of 3 waiting) & 43.1k & 84.2k & 12.3 MiB & 85.8 MiB & - \\
    \midrule
    chance & 10.0 & 10.0 &  &  &  &  &  \\
    majority & 12.5 & 12.5 &  &  &  &  &  \\
    shallow & 25.0 & 25.0 &  &  &  &  &  \\
    \bottomrule
  \end{tabular}
  \caption{made up: test accuracy in percent, mean $\pm$half-width of the 95\% interval over seeds.
    $^{*}$ no learning shown: the test accuracy is not above the best of chance, majority and shallow by both its 95\% interval over seeds and that of the test examples.
    mean and interval are over the seeds that are not named as failed or waiting.
    chance, majority, shallow: scores of rules without a sequence model on the same test examples.
    params: least and most over the tasks, whose vocabularies differ; train tok/s: median of the trials; activations: peak, the trials' largest; resident: memory of a trial's process at its most, the trials' largest; state: of one sequence in decoding, the trials' largest.}
\end{table}
)");
}

TEST_CASE("CSV and JSON hold numbers, in the units of summary.csv", "[table]") {
  Results results;
  for (uint64_t seed = 0; seed < 2; ++seed)
    results.trials.push_back(made_up_trial("lru", "mqar", seed, 0.5 + 0.02 * seed));
  results.trials.push_back(made_up_trial("rnn", "mqar", 0, 0.5));
  results.trials.push_back(made_up_trial("rnn", "mqar", 1, 0.5));
  diverge(results.trials.back());
  const Table table = make_table(results);
  const nlohmann::json rows = nlohmann::json::parse(to_json({table}))[0]["rows"];
  REQUIRE(rows.size() == 5);
  CHECK(rows[0]["name"] == "lru");
  CHECK(rows[0]["cells"]["mqar"]["value"] == 0.51);
  CHECK(rows[0]["cells"]["mqar"]["half_width"].get<double>() ==
        Catch::Detail::Approx(12.7062 * 0.01).epsilon(1e-4));
  CHECK(rows[1]["cells"]["mqar"]["note"] == "1 of 2 diverged");
  CHECK(rows[0]["cells"]["state"]["value"] == 65536);
  CHECK(rows[2]["kind"] == "baseline");
  CHECK(rows[2]["cells"]["params"]["value"].is_null());
  std::istringstream lines(to_jsonl({table}));
  std::string line;
  for (std::size_t i = 0; std::getline(lines, line); ++i)
    CHECK(nlohmann::json::parse(line)["name"] == rows[i]["name"]);
}

TEST_CASE("the best of a column is bold in LaTeX, and equal ones are too", "[table]") {
  Results results;
  results.trials = {made_up_trial("a", "mqar", 0, 0.5), made_up_trial("b", "mqar", 0, 0.5),
                    made_up_trial("c", "mqar", 0, 0.4)};
  const std::string latex = to_latex(make_table(results), "tab:x");
  CHECK_THAT(latex, Contains("a & \\textbf{50.0} &"));
  CHECK_THAT(latex, Contains("b & \\textbf{50.0} &"));
  CHECK_THAT(latex, Contains("c & 40.0 &"));
  CHECK_THAT(latex, Contains("  \\label{tab:x}\n\\end{table}"));
  results.trials[2].record->train_loss = 1;
  CHECK(make_table(results, "loss").models[2][1].is_best);  // less is better
}

TEST_CASE("a table wider than the terminal continues below, whole columns at a time", "[table]") {
  Results results;
  for (int task = 0; task < 12; ++task)
    results.trials.push_back(made_up_trial("lru", "task_" + std::to_string(task), 0, 0.5));
  const std::string text = to_text(make_table(results), {.width = 80});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(display_width(line) <= 80);
  }
  for (int task = 0; task < 12; ++task) CHECK_THAT(text, Contains(" task_" + std::to_string(task)));
  CHECK_THAT(text, !Contains("\x1b"));
  CHECK_THAT(to_text(make_table(made_up_results()), {.has_colour = true}),
             Contains("\x1b[1m") && Contains("\x1b[2m"));
}

TEST_CASE("a name cannot break out of its field", "[table]") {
  Results results;
  results.trials = {made_up_trial("[a]&{b}\\~^", "x|y & `z`", 0, 0.5)};
  const Table table = make_table(results);
  CHECK_THAT(to_latex(table), Contains("{[}a]\\&\\{b\\}\\textbackslash{}\\textasciitilde{}"
                                       "\\textasciicircum{} & 50.0"));
  CHECK_THAT(to_markdown(table), Contains("| x\\|y &amp; \\`z\\` |"));
}

TEST_CASE("text takes the columns that a terminal gives it", "[table]") {
  CHECK(display_width("plain") == 5);
  CHECK(display_width("\u00b11.4") == 4);
  CHECK(display_width("\u6a21\u578b") == 4);
  CHECK(display_width("e\u0301") == 1);   // a combining accent
  CHECK(display_width("\xff\xc3") == 2);  // not UTF-8
}

TEST_CASE("each column of the terminal's table ends in line", "[table]") {
  std::istringstream lines(to_text(make_table(made_up_results())));
  std::vector<std::string> rows;
  for (std::string line; std::getline(lines, line);)
    if (line.find("KiB") != std::string::npos || line.find("params  ") != std::string::npos)
      rows.push_back(line);
  REQUIRE(rows.size() == 3);  // the header and the two models that have a state
  CHECK(display_width(rows[0]) == display_width(rows[1]));
  CHECK(display_width(rows[0]) == display_width(rows[2]));
}

TEST_CASE("one seed shows no interval", "[table]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5), made_up_trial("rnn", "mqar", 0, 0.2)};
  const Table table = make_table(results);
  CHECK(table.models[0][1].value == "50.0");
  CHECK(table.models[0][1].half_width.empty());
  CHECK(table.models[1][1].at_baseline);
  CHECK_FALSE(table.models[0][1].at_baseline);
}

TEST_CASE("lengths of evaluation have columns of their own", "[table]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  results.trials[0].record->evaluations = {{256, 0.9, 0.9}, {1024, 0.3, 0.4}};
  const Table table = make_table(results);
  CHECK(table.header[1] == "mqar @256");
  CHECK(table.header[2] == "mqar @1024");
  CHECK(table.models[0][2].value == "30.0");
  CHECK(make_table(results, "steps").header[1] == "mqar");
}

TEST_CASE("a length at which some or all seeds diverged says so", "[table][not_a_number]") {
  Results results;
  for (uint64_t seed = 0; seed < 2; ++seed) {
    results.trials.push_back(made_up_trial("lru", "mqar", seed, 0.5));
    Evaluation broken{.length = 1024, .test = std::nan(""), .validation = 0.4};
    broken.status = Status::diverged;
    Evaluation long_one = broken;
    long_one.length = 512;
    if (seed == 0) long_one = {512, 0.7, 0.7};
    results.trials.back().record->evaluations = {{256, 0.9, 0.9}, long_one, broken};
  }
  const std::vector<TableCell> row = make_table(results).models[0];
  CHECK(row[1].value == "90.0");
  CHECK(row[1].remark.empty());
  CHECK(row[2].value == "70.0");
  CHECK(row[2].remark == "1 of 2 diverged");
  CHECK(row[3].value == "diverged");
  CHECK(make_table(results, "val").models[0][3].value == "diverged");
  CHECK(make_table(results, "steps").models[0][1].remark.empty());
}

TEST_CASE("what is not a number is called so, wins no rank and stands in no mean",
          "[table][not_a_number]") {
  Results results;
  results.trials = {
      made_up_trial("lru", "mqar", 0, std::nan("")), made_up_trial("lru", "mqar", 1, std::nan("")),
      made_up_trial("rnn", "mqar", 0, 0.5),          made_up_trial("rnn", "mqar", 1, std::nan("")),
      made_up_trial("gla", "mqar", 0, 0.6),          made_up_trial("gla", "mqar", 1, 0.6)};
  for (Trial& trial : results.trials) trial.record = record_from_json(to_json(*trial.record));
  const Table table = make_table(results);
  CHECK(table.models[0][1].value == "not a number");
  CHECK_FALSE(table.models[0][1].at_baseline);
  CHECK(table.models[1][1].value == "50.0");
  CHECK(table.models[1][1].remark == "1 of 2 not a number");
  const std::vector<ResultCell> cells = summarize(results);
  CHECK_FALSE(cells[0].rank);
  CHECK(cells[0].test.n == 0);
  CHECK(cells[1].rank == 2);
  CHECK(cells[2].rank == 1);
  for (Trial& trial : results.trials) trial.record->train_loss = std::nan("");
  CHECK(make_table(results, "loss").models[2][1].value == "not a number");
  results.trials[4].record->evaluations[0].baselines.shallow = std::nan("");
  const Table broken = make_table(results);
  CHECK(broken.baselines[2][1].value == "not a number");
  CHECK_FALSE(broken.models[2][1].at_baseline);
}

TEST_CASE("a bag of tokens that the suite asked for counts as a baseline", "[table]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5), made_up_trial("lru", "listops", 0, 0.5)};
  CHECK_THAT(results_csv(results), !Contains("bag_of_tokens"));
  results.trials[0].spec.baselines = {"bag_of_tokens"};
  results.trials[0].record->evaluations[0].baselines.bag_of_tokens = 0.55;
  results.trials[0].record = record_from_json(to_json(*results.trials[0].record));
  const Table table = make_table(results);
  REQUIRE(table.baselines.size() == 4);
  CHECK(table.baselines[3][0].value == "bag_of_tokens");
  CHECK(table.baselines[3][1].value == "55.0");
  CHECK(table.baselines[3][2].value == "-");
  CHECK(table.models[0][1].at_baseline);
  CHECK_FALSE(table.models[0][2].at_baseline);
  CHECK_THAT(results_csv(results), Contains(",options,bag_of_tokens,test_loss"));
  CHECK_THAT(results_csv(results), Contains(",0.55,"));
}

TEST_CASE("other metrics have units, keep the mark and leave the baselines out", "[table]") {
  const Results results = made_up_results();
  const Table speed = make_table(results, "tokens_per_second");
  CHECK(speed.models[0][1].value == "84.3k");
  CHECK(speed.models[0][1].half_width == "248");
  CHECK(speed.models[1][1].at_baseline);
  CHECK(speed.baselines.empty());
  const Table memory = make_table(results, "peak_activation_bytes");
  CHECK(memory.models[0][1].value == "12.3 MiB");
  CHECK(memory.models[0][1].half_width.empty());
  CHECK(make_table(results, "val").models[0][1].value == "62.2");
}

TEST_CASE("scores beside accuracy have a column for each length, and no baselines", "[table]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  Evaluation near{64, 0.55, 0.5, "", "", {0.1}}, far = near;
  near.loss = std::log(8.0);
  near.string_accuracy = 0.25;
  far.length = 256;
  results.trials[0].record->evaluations = {near, far};
  const Table strings = make_table(results, "string_accuracy");
  REQUIRE(strings.scores == 2);
  CHECK(strings.header[2] == "mqar @256");
  CHECK(strings.models[0][1].value == "25.0");
  CHECK(strings.models[0][2].value == "not recorded");  // as in records of older versions
  CHECK(strings.baselines.empty());
  CHECK(make_table(results, "scaled_accuracy").models[0][2].value == "50.0");
  CHECK(make_table(results, "perplexity").models[0][1].value == "8");
  CHECK(make_table(results, "bits_per_token").models[0][1].value == "3");
}

TEST_CASE("of a regression R^2 is the score, and the least error is the best",
          "[table][regression]") {
  Results results;
  for (const auto& [model, r2, mse] : {std::tuple("lru", 0.9, 0.5), std::tuple("gru", -0.2, 6.0)}) {
    results.trials.push_back(made_up_trial(model, "price", 0, r2));
    TrialRecord& record = *results.trials.back().record;
    record.metric = "r2";
    record.evaluations[0].mse = mse;
    record.evaluations[0].mae = mse / 2;
    record.evaluations[0].baselines = {0, -0.1, 0.3};
  }
  const Table scores = make_table(results, "accuracy");
  CHECK(scores.title.find("test R^2 in percent") != std::string::npos);
  CHECK(scores.models[0][1].value == "90.0");
  CHECK(scores.models[0][1].is_best);
  CHECK(scores.models[1][1].value == "-20.0");
  CHECK(scores.models[1][1].at_baseline);
  for (const char* metric : {"mse", "mae"}) {
    const Table errors = make_table(results, metric);
    CHECK(errors.models[0][1].is_best);
    CHECK_FALSE(errors.models[1][1].is_best);
    CHECK(errors.baselines.empty());
  }
  CHECK(make_table(results, "mse").models[1][1].value == "6");
  CHECK(make_table(results, "perplexity").models[0][1].value == "not recorded");
  results.trials.push_back(made_up_trial("lru", "mqar", 0, 0.5));
  CHECK(
      make_table(results, "accuracy").title.find("test accuracy (of regressions R^2) in percent") !=
      std::string::npos);
}

TEST_CASE("what a model noted is a metric where it is there", "[table]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5), made_up_trial("rnn", "mqar", 0, 0.2)};
  results.trials[1].record->notes = {{"solver.iterations", 6.5}};
  const Table table = make_table(results, "solver.iterations");
  CHECK(table.models[0][1].value == "-");
  CHECK(table.models[1][1].value == "6.5");
}

TEST_CASE("a table says how many settings each cell was chosen from", "[table][tune]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5), made_up_trial("rnn", "mqar", 0, 0.5)};
  results.tuning = {made_up_trial("lru", "mqar", 0, 0.5)};
  results.tuning[0].spec.tuning.trials = 2;
  results.trials[0].spec.tuning.trials = 2;
  const auto shown = [&] { return to_text(make_table(results)); };
  CHECK_THAT(shown(), Contains("the best of 2 settings on validation") &&
                          Contains("so fewer were chosen from: rnn on mqar from 1"));
  results.trials[1].spec.tuning.trials = 2;
  CHECK_THAT(shown(), Contains("the best of 2 settings") && !Contains("fewer"));
  results.tuning.clear();
  for (Trial& trial : results.trials) trial.spec.tuning.trials = 1;
  CHECK_THAT(shown(), !Contains("settings"));
}

TEST_CASE("an unknown metric is an error that names the nearest", "[table]") {
  CHECK_THROWS_WITH(make_table(made_up_results(), "tokens_per_secnd"),
                    Contains("did you mean 'tokens_per_second'?"));
}

TEST_CASE("a suite of which nothing is finished has a table of waiting cells", "[table]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  results.trials[0].record.reset();
  const Table table = make_table(results);
  CHECK(table.models[0][1].value == "waiting");
  CHECK(table.models[0][2].value == "-");
  CHECK_FALSE(to_latex(table).empty());
}

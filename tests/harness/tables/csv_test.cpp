
#include <clocale>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/results/points.h"
#include "harness/tables/export.h"
#include "harness/tables/points_csv.h"
#include "harness/tables/results_csv.h"
#include "harness/tables/summary_csv.h"
#include "support/csv.h"
#include "support/file.h"
#include "support/statistics.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;

namespace {

using Fields = std::vector<std::string>;

// A reader of RFC 4180, independent of the writer.
std::vector<Fields> parse_csv(const std::string& csv) {
  std::vector<Fields> rows;
  std::string field;
  Fields row;
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < csv.size() && csv[i + 1] == '"') {
        field += csv[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '\n') {
      row.push_back(field);
      field.clear();
      if (c == '\n') {
        rows.push_back(row);
        row.clear();
      }
    } else {
      field += c;
    }
  }
  CHECK_FALSE(quoted);
  CHECK(row.empty());
  return rows;
}

using Record = std::map<std::string, std::string>;

std::vector<Record> parse_records(const std::string& csv) {
  const std::vector<Fields> rows = parse_csv(csv);
  std::vector<Record> records;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == rows[0].size());
    Record& record = records.emplace_back();
    for (std::size_t c = 0; c < rows[i].size(); ++c) record[rows[0][c]] = rows[i][c];
  }
  return records;
}

std::string first_line(const std::string& csv) { return csv.substr(0, csv.find('\n')); }

}  // namespace

TEST_CASE("fields with commas, quotes and line breaks come back from CSV", "[csv]") {
  const Fields fields = {"", "plain", "a,b", "say \"hi\"", "two\nlines", "\r", "\u00fc", ""};
  CHECK(parse_csv(csv_line(fields)) == std::vector<Fields>{fields});
  CHECK(csv_line({"a,b", "c\"d", "e"}) == "\"a,b\",\"c\"\"d\",e\n");
}

TEST_CASE("numbers are written in their shortest exact form in every locale", "[csv]") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  CHECK(csv_text(0.1) == "0.1");
  CHECK(csv_text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(csv_text(1e300) == "1e+300");
  CHECK(csv_text(251000.0) == "251000");
  CHECK(csv_text(int64_t{-9007199254740993}) == "-9007199254740993");
  CHECK(csv_text(true) == "true");
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("what an older version did not store is an empty field, in no table 0", "[csv]") {
  Trial trial = made_up_trial("lru", "mqar", 0, 0.75);
  nlohmann::json stored = to_json(*trial.record);
  const Fields lacking = {
      "attempts",      "selected_step",           "train_loss",  "parameters",
      "steps",         "flops_per_token",         "tokens_seen", "train_seconds",
      "learning_rate", "train_tokens_per_second", "threads",     "peak_activation_bytes",
      "state_bytes",   "peak_resident_bytes",     "precision",   "build"};
  for (const std::string& key : lacking) stored.erase(key);
  for (const char* key : {"calibration_error", "loss", "string_accuracy", "mse", "mae"})
    stored["evaluations"][0].erase(key);
  trial.record = record_from_json(stored);
  Results results;
  results.trials = {trial};

  const Record row = parse_records(results_csv(results)).at(0);
  for (const std::string& key : lacking) CHECK(row.at(key).empty());
  for (const char* key :
       {"test_ece", "test_loss", "string_accuracy", "perplexity", "bits_per_token", "test_mse"})
    CHECK(row.at(key).empty());
  CHECK(row.at("test_value") == "0.75");
  CHECK(row.at("version") == "0.1.0");

  const Record summary = parse_records(summary_csv(results)).at(0);
  for (const char* key : {"parameters", "tokens_per_second", "peak_activation_bytes"})
    CHECK(summary.at(key).empty());
  CHECK(summary.at("mean") == "0.75");
}

TEST_CASE("what is missing is an empty field, never 0", "[csv]") {
  CHECK(csv_text(std::numeric_limits<double>::quiet_NaN()).empty());
  CHECK(csv_text(std::numeric_limits<double>::infinity()).empty());
  CHECK(csv_text(std::optional<double>()).empty());
  CHECK(csv_text(std::optional<double>(0)) == "0");
}

TEST_CASE("the columns are those that users rely on, in their order", "[csv]") {
  CHECK(first_line(results_csv({})) ==
        "suite,trial,model,model_origin,task,task_version,pretrain,loss,seed,eval_length,status,"
        "attempts,metric,test_value,val_value,test_ece,selected_step,chance,majority,shallow,"
        "at_baseline,train_loss,parameters,flops_per_token,steps,tokens_seen,train_seconds,"
        "train_tokens_per_second,peak_activation_bytes,peak_resident_bytes,state_bytes,"
        "learning_rate,tuning_trials,threads,ranks,precision,host,cpu,version,build,tuned,"
        "d_model,layers,batch,test_examples,options,test_loss,string_accuracy,scaled_accuracy,"
        "perplexity,bits_per_token,test_mse,test_mae,external,finished_at");
  CHECK(first_line(summary_csv({})) ==
        "model,task,pretrain,loss,eval_length,n,mean,std,min,max,ci95_low,ci95_high,rank,"
        "p_vs_best,at_baseline,tokens_per_second,peak_activation_bytes,state_bytes,parameters,"
        "ci95_bootstrap_low,ci95_bootstrap_high,examples_to_50,examples_to_90,examples_to_95");
  CHECK(curves_csv({}) == "trial,step,split,metric,value,model,task,seed,tokens,seconds\n");
  CHECK(diagnostics_csv({}) == "trial,step,layer,name,value\n");
  CHECK(csv_file("solver").text({}).empty());
}

TEST_CASE("results.csv has a row for each finished trial, failed ones too", "[csv]") {
  const Results results = made_up_results();
  const std::vector<Record> rows = parse_records(results_csv(results));
  REQUIRE(rows.size() == 17);  // 18 trials, one waits

  CHECK(rows[0].at("model") == "linear_attention");
  CHECK(rows[0].at("trial") == "id-16-listops-0");
  CHECK(rows[0].at("eval_length") == "0");
  CHECK(rows[0].at("test_value") == "0.61");
  CHECK(rows[0].at("at_baseline") == "false");
  CHECK(rows[0].at("learning_rate") == "0.003");
  CHECK(rows[6].at("model") == "odd, \"quoted\"|50%_of\nrows");
  CHECK(rows[6].at("at_baseline") == "true");

  const Record& diverged = rows[11];
  CHECK(diverged.at("status") == "diverged");
  CHECK(diverged.at("steps") == "17");
  for (const char* missing : {"test_value", "chance", "at_baseline", "parameters", "train_seconds",
                              "train_loss", "state_bytes"})
    CHECK(diverged.at(missing).empty());
  CHECK(rows[15].at("state_bytes").empty());  // this model has none
}

TEST_CASE("results.csv has a row for each evaluation length", "[csv]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  results.trials[0].record->evaluations = {{256, 0.9, 0.9}, {1024, 0.3, 0.4}};
  const std::vector<Record> rows = parse_records(results_csv(results));
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].at("eval_length") == "1024");
  CHECK(rows[1].at("test_value") == "0.3");
  CHECK(parse_records(summary_csv(results)).size() == 2);
}

TEST_CASE("results.csv: a length at which logits were not numbers is diverged, with no score",
          "[csv][not_a_number]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  Evaluation broken{1024, std::nan(""), 0.9, "", "", {0.1, 0.125, 0.25}};
  broken.status = Status::diverged;
  results.trials[0].record->evaluations = {{256, 0.9, 0.9}, broken};
  const std::vector<Record> rows = parse_records(results_csv(results));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("status") == "ok");
  CHECK(rows[1].at("status") == "diverged");
  CHECK(rows[1].at("eval_length") == "1024");
  for (const char* missing : {"test_value", "test_ece", "at_baseline", "test_loss",
                              "string_accuracy", "scaled_accuracy", "perplexity"})
    CHECK(rows[1].at(missing).empty());
  CHECK(rows[1].at("shallow") == "0.25");
  const std::vector<Record> summary = parse_records(summary_csv(results));
  REQUIRE(summary.size() == 2);
  CHECK(summary[1].at("n") == "0");
  CHECK(summary[1].at("mean").empty());
  CHECK(summary[1].at("rank").empty());
}

TEST_CASE("two runs differ in nothing but the measured columns", "[csv]") {
  Results first = made_up_results(), second = made_up_results();
  for (Trial& trial : second.trials)
    if (trial.record) {
      trial.record->attempts = 2;
      trial.record->train_seconds *= 2;
      trial.record->train_tokens_per_second /= 2;
      trial.record->peak_activation_bytes *= 2;
      trial.record->peak_resident_bytes *= 2;
      trial.record->threads = 2;
      trial.record->host = "elsewhere";
      trial.record->cpu = "other";
    }
  CHECK(results_csv(first) != results_csv(second));
  const auto masked = [](const CsvFile& file, const Results& results) {
    std::vector<Record> records = parse_records(file.text(results));
    for (Record& record : records)
      for (const ColumnInfo& column : file.columns)
        if (column.measured) record.erase(column.name);
    return records;
  };
  for (const CsvFile& file : csv_files()) {
    INFO(file.name);
    CHECK(masked(file, first) == masked(file, second));
  }
}

TEST_CASE("summary.csv has a row for each cell with what its good seeds say", "[csv]") {
  const std::vector<Record> rows = parse_records(summary_csv(made_up_results()));
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].at("n") == "3");
  CHECK(std::stod(rows[0].at("mean")) == Approx(0.632));
  CHECK(std::stod(rows[0].at("std")) == Approx(0.019287301521985926));
  CHECK(std::stod(rows[0].at("ci95_low")) == Approx(0.5840876869313353));
  CHECK(std::stod(rows[0].at("ci95_high")) == Approx(0.6799123130686647));
  CHECK(rows[0].at("rank") == "1");
  CHECK(rows[0].at("p_vs_best").empty());
  CHECK(rows[0].at("tokens_per_second") == "84300");
  CHECK(rows[2].at("rank") == "2");
  CHECK(rows[2].at("at_baseline") == "true");
  // Paired over the two seeds that both have: differences 0.49 and 0.475, t = 0.4825 / 0.0075, and
  // 0.73 and 0.735, t = 0.7325 / 0.0025. Holm doubles the smaller p value.
  CHECK(std::stod(rows[3].at("p_vs_best")) == Approx(2 * student_t_cdf(-0.4825 / 0.0075, 1)));
  CHECK(std::stod(rows[5].at("p_vs_best")) == Approx(4 * student_t_cdf(-0.7325 / 0.0025, 1)));
  CHECK(rows[4].at("n") == "0");
  for (const char* missing : {"mean", "ci95_low", "rank", "p_vs_best", "at_baseline", "parameters"})
    CHECK(rows[4].at(missing).empty());
}

TEST_CASE("one seed has a mean and no interval", "[csv]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5), made_up_trial("rnn", "mqar", 0, 0.27)};
  const std::vector<Record> rows = parse_records(summary_csv(results));
  CHECK(rows[0].at("mean") == "0.5");
  for (const char* missing : {"std", "ci95_low", "ci95_high", "p_vs_best"})
    CHECK(rows[1].at(missing).empty());
  CHECK(rows[0].at("at_baseline") == "false");
  CHECK(rows[1].at("at_baseline") == "true");  // 0.27 <= 0.25 + 0.0268
}

TEST_CASE("solver.csv has a row for each model and solver that reported", "[csv]") {
  Results results;
  for (uint64_t seed : {0, 1}) {
    Trial trial = made_up_trial("rnn", "mqar", seed, 0.5);
    trial.spec.model_options = {{"solver", std::string("newton")}};
    trial.record->notes = {{"other", 1.0},
                           {"solver.iterations", 5.0 + seed},
                           {"solver.length", 256.0},
                           {"solver.residual", 1e-6},
                           {"solver.unconverged", 0.25}};
    results.trials.push_back(trial);
  }
  results.trials.push_back(made_up_trial("lru", "mqar", 0, 0.5));
  const std::vector<Record> rows = parse_records(csv_file("solver").text(results));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("model") == "rnn");
  CHECK(rows[0].at("solver") == "newton");
  CHECK(rows[0].at("length") == "256");
  CHECK(rows[0].at("iterations") == "5.5");
  CHECK(rows[0].at("residual") == "1e-06");
  CHECK(rows[0].at("unconverged_fraction") == "0.25");
  CHECK(rows[0].at("speedup").empty());
}

TEST_CASE("export writes the files that have rows, with the curves of finished trials", "[csv]") {
  const TemporaryFolder folder;
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  results.trials[0].dir = folder.path;
  write_atomically(folder.path / "curve.csv", to_csv({{5, "train", "loss", 2.5}}));

  const std::vector<std::filesystem::path> files = export_csv(results, folder.path / "out");
  REQUIRE(files.size() == 3);
  CHECK(read_text(folder.path / "out" / "results.csv") == results_csv(results));
  CHECK(read_text(folder.path / "out" / "curves.csv") ==
        "trial,step,split,metric,value,model,task,seed,tokens,seconds\n"
        "id-3-mqar-0,5,train,loss,2.5,lru,mqar,0,10240,0.10416666666666667\n");
}

#include "harness/tables/summary_csv.h"

#include <algorithm>

#include "harness/tables/sample_efficiency.h"
#include "harness/tables/summary.h"

namespace longhaul {
namespace {

using SummaryColumn = Column<ResultCell>;

// A number of the cell's ok trials, boiled down to one; missing where it is 0 or there are none.
template <class Number>
SummaryColumn of_trials(const char* name, const char* description, const char* key,
                        Number TrialRecord::*member, double (*boil_down)(std::vector<double>),
                        bool measured = false) {
  const auto text = [=](const ResultCell& cell) {
    std::vector<double> values;
    for (const Trial* trial : cell.trials)
      if (trial->ok() && !trial->record->missing.count(key))
        values.push_back(static_cast<double>((*trial->record).*member));
    const double one = values.empty() ? 0 : boil_down(values);
    return one == 0 ? "" : csv_text(one);
  };
  return {name, description, text, measured};
}

double largest(std::vector<double> values) {
  return *std::max_element(values.begin(), values.end());
}

SummaryColumn of_test(const char* name, double Statistics::*member, const char* description) {
  return {name, description, [=](const ResultCell& cell) {
            return cell.test.n > 0 ? csv_text(cell.test.*member) : "";
          }};
}

// An end of the 95% interval.
SummaryColumn of_interval(const char* name, int side, const char* description) {
  return {name, description, [=](const ResultCell& cell) {
            if (!cell.test.half_width) return std::string();
            return csv_text(cell.test.mean + side * *cell.test.half_width);
          }};
}

SummaryColumn of_bootstrap(const char* name, double Interval::*end, const char* description) {
  return {name, description, [=](const ResultCell& cell) {
            std::vector<double> scores;
            for (const auto& [seed, score] : cell.scores) scores.push_back(score);
            const std::optional<Interval> interval = bootstrap_interval(scores);
            return interval ? csv_text(*interval.*end) : "";
          }};
}

SummaryColumn of_examples(const char* name, double score, const char* description) {
  return {name, description,
          [=](const ResultCell& cell) { return csv_text(median_examples_to(cell.trials, score)); }};
}

const std::vector<SummaryColumn>& summary_table() {
  using S = Statistics;
  static const std::vector<SummaryColumn> columns = {
      {"model", "name of the model's entry in the suite",
       [](const ResultCell& cell) { return cell.row.model; }},
      {"task", "name of the task's entry in the suite",
       [](const ResultCell& cell) { return cell.task; }},
      {"pretrain", "how training began: the setting `pretrain`",
       [](const ResultCell& cell) { return cell.row.pretrain; }},
      {"loss", "what training minimised: the setting `loss`",
       [](const ResultCell& cell) { return cell.row.loss; }},
      {"eval_length", "length of the test examples; 0: the task's own lengths",
       [](const ResultCell& cell) { return csv_text(cell.eval_length); }},
      {"n", "seeds whose trial is `ok`; 0 if none, and then all that follows is empty",
       [](const ResultCell& cell) { return csv_text(cell.test.n); }},
      of_test("mean", &S::mean, "mean of test_value over these seeds"),
      {"std", "standard deviation of test_value, with n - 1; empty for n = 1",
       [](const ResultCell& cell) { return csv_text(cell.test.std_dev); }},
      of_test("min", &S::min, "lowest test_value"),
      of_test("max", &S::max, "highest test_value"),
      of_interval("ci95_low", -1,
                  "lower end of the 95% interval of the mean, by Student's t with n - 1 degrees of "
                  "freedom; empty for n = 1"),
      of_interval("ci95_high", +1, "its upper end"),
      {"rank",
       "among the models of the same task and length: 1 is the highest mean, equal means share a "
       "rank",
       [](const ResultCell& cell) { return csv_text(cell.rank); }},
      {"p_vs_best",
       "p of a two-sided paired t-test against the best model over the seeds that both have, "
       "corrected for the number of models (Holm); empty for the best itself and with fewer than "
       "two common seeds",
       [](const ResultCell& cell) { return csv_text(cell.p_vs_best); }},
      {"at_baseline", "true if the mean does not beat the best baseline: `*` in the table",
       [](const ResultCell& cell) { return cell.test.n > 0 ? csv_text(cell.at_baseline) : ""; }},
      of_trials("tokens_per_second", "training tokens over training time, median over the seeds",
                "train_tokens_per_second", &TrialRecord::train_tokens_per_second, median,
                kMeasured),
      of_trials("peak_activation_bytes", "largest memory of activations over the seeds",
                "peak_activation_bytes", &TrialRecord::peak_activation_bytes, largest, kMeasured),
      of_trials("state_bytes", "largest state of one decoded sequence over the seeds",
                "state_bytes", &TrialRecord::state_bytes, largest),
      of_trials("parameters", "trained numbers", "parameters", &TrialRecord::parameters, largest),
      of_bootstrap("ci95_bootstrap_low", &Interval::low,
                   "lower end of the 95% interval of the mean by the percentile bootstrap, 10000 "
                   "resamples, the same on every run; empty for n = 1"),
      of_bootstrap("ci95_bootstrap_high", &Interval::high, "its upper end"),
      of_examples(
          "examples_to_50", 0.5,
          "training examples until validation first reached an accuracy of 50%, median over "
          "the seeds, known to the steps of validation; empty if half of them or more never "
          "did"),
      of_examples("examples_to_90", 0.9, "the same, for 90%"),
      of_examples("examples_to_95", 0.95, "the same, for 95%"),
  };
  return columns;
}

}  // namespace

std::string summary_csv(const Results& results) {
  std::string csv = header(summary_table());
  for (const ResultCell& cell : summarize(results)) csv += line(summary_table(), cell);
  return csv;
}

std::vector<ColumnInfo> summary_columns() { return infos(summary_table()); }

}  // namespace longhaul

#include "harness/tables/cost_columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/tables/metric.h"
#include "harness/throughput/throughput_table.h"
#include "support/number_text.h"

namespace longhaul {
namespace {

TableCell cell_of(double value, std::string (*text)(double)) {
  TableCell cell{text(value)};
  cell.number = value;
  return cell;
}

// From all trials of a row that went well.
CostColumn of_trials(const Results& results, const char* header, const TrialValue& value,
                     TableCell (*cell)(const std::vector<double>&)) {
  return {header, [&results, value, cell](const Row& row) -> TableCell {
            std::vector<double> values;
            for (const Trial& trial : results.trials)
              if (trial.ok() && row.holds(trial.spec))
                if (const std::optional<double> found = value(trial, 0)) values.push_back(*found);
            return values.empty() ? TableCell{"-"} : cell(values);
          }};
}

// From the phase measured alone.
CostColumn of_rows(const std::vector<const ThroughputRow*>& rows, const char* header,
                   TableCell (*cell)(const ThroughputRow&)) {
  return {fmt::format("{} @{}", header, rows.front()->length),
          [rows, cell](const Row& of) -> TableCell {
            for (const ThroughputRow* row : rows)
              if (row->model == of.model)
                return row->ok() ? cell(*row) : TableCell{to_string(row->status)};
            return {"-"};
          }};
}

// Programs get the most, as in summary.csv.
TableCell range(const std::vector<double>& values) {
  const Statistics range = describe(values);
  const std::string least = short_count(range.min), most = short_count(range.max);
  TableCell cell{least == most ? least : least + "\u2013" + most};
  cell.number = range.max;
  return cell;
}

TableCell middle(const std::vector<double>& values) { return cell_of(median(values), short_count); }

TableCell largest(const std::vector<double>& values) {
  const double most = describe(values).max;
  return most > 0 ? cell_of(most, short_bytes) : TableCell{"-"};
}

TableCell speed(const ThroughputRow& row) {
  return cell_of(row.tokens_per_second(0.5), short_count);
}
TableCell activations(const ThroughputRow& row) {
  return cell_of(static_cast<double>(row.peak_activation_bytes), short_bytes);
}
TableCell state(const ThroughputRow& row) {
  return cell_of(static_cast<double>(row.state_bytes), short_bytes);
}

}  // namespace

// What was measured alone takes the place of what trials say, since these ran side by side.
std::vector<CostColumn> cost_columns(const Results& results) {
  using R = TrialRecord;
  const auto train = headlines(results.throughput, Phase::train);
  const auto decode = headlines(results.throughput, Phase::decode);
  std::vector<CostColumn> columns = {
      of_trials(results, "params", of_record("parameters", &R::parameters), range)};
  columns.push_back(
      train.empty()
          ? of_trials(results, "train tok/s",
                      of_record("train_tokens_per_second", &R::train_tokens_per_second), middle)
          : of_rows(train, "train tok/s", speed));
  if (!decode.empty()) columns.push_back(of_rows(decode, "decode tok/s", speed));
  columns.push_back(train.empty()
                        ? of_trials(results, "activations",
                                    of_record("peak_activation_bytes", &R::peak_activation_bytes),
                                    largest)
                        : of_rows(train, "activations", activations));
  columns.push_back(of_trials(results, "resident",
                              of_record("peak_resident_bytes", &R::peak_resident_bytes), largest));
  columns.push_back(decode.empty() ? of_trials(results, "state",
                                               of_record("state_bytes", &R::state_bytes), largest)
                                   : of_rows(decode, "state", state));
  return columns;
}

std::string cost_legend(const Results& results) {
  std::string legend = "params: least and most over the tasks, whose vocabularies differ";
  if (headlines(results.throughput, Phase::train).empty())
    legend += "; train tok/s: median of the trials; activations: peak, the trials' largest";
  else
    legend +=
        "; train tok/s, activations: of a training step measured alone, at the length behind @";
  legend += "; resident: memory of a trial's process at its most, the trials' largest";
  if (headlines(results.throughput, Phase::decode).empty())
    legend += "; state: of one sequence in decoding, the trials' largest";
  else
    legend += "; decode tok/s, state: of one sequence at the length behind @, measured alone";
  return legend;
}

}  // namespace longhaul

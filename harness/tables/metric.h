#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "longhaul/metric.h"

namespace longhaul {

constexpr const char* kNotANumber = "not a number";

// What a trial that went well found, at a length of its tests; nothing if it has no such number.
using TrialValue = std::function<std::optional<double>(const Trial&, int64_t eval_length)>;

// What the cells of a table can show, and what two folders can be compared by.
struct Metric {
  std::string name;
  std::string title;
  TrialValue value;
  std::string (*text)(double);
  Better better = Better::neither;
  bool at_each_length = false;  // has a value at each evaluation length
  bool is_share = false;        // 0 .. 1, told and compared in percent
  bool has_baselines = false;   // that are numbers of the same kind
  const char* missing = "";     // what it says of a trial that went well and has no such number
};

// What the trials' scores are: "accuracy", or "R^2" of those that are a regression.
std::string score_title(const Results& results);

// All of them; at the end those of plugins, and what models note in their records.
std::vector<Metric> metrics(const Results& results);
// Whether tables have a metric, or results.csv the column, that a plugin's metric of this name
// needs.
bool is_taken_by_tables(const std::string& name);
// Throws Error naming the nearest if there is no such metric.
Metric find_metric(const Results& results, const std::string& name);

// A number of the record, by its key there; nothing where an older version did not store it.
template <class Number>
TrialValue of_record(const char* key, Number TrialRecord::*member) {
  return [=](const Trial& trial, int64_t) -> std::optional<double> {
    if (!trial.ok() || trial.record->missing.count(key)) return std::nullopt;
    return static_cast<double>((*trial.record).*member);
  };
}

std::string percent_text(double value);

}  // namespace longhaul

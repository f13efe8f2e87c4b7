#include "harness/throughput/throughput_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/throughput/scaling.h"
#include "support/number_text.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Rows = std::vector<ThroughputRow>;

const ThroughputRow* find(const Rows& rows, const std::string& model, Phase phase, int64_t series,
                          int64_t length) {
  for (const ThroughputRow& row : rows)
    if (row.model == model && row.phase == phase && row.series == series && row.length == length)
      return &row;
  return nullptr;
}

TableCell speed(const ThroughputRow* row) {
  if (!row) return {"-"};
  if (!row->ok()) {
    std::string word = to_string(row->status);
    std::replace(word.begin(), word.end(), '_', ' ');
    return {word};
  }
  const double spread = row->tokens_per_second(0.8) - row->tokens_per_second(0.2);
  return {short_count(row->tokens_per_second(0.5)), short_count(spread / 2)};
}

TableCell exponent(const std::optional<Exponent>& exponent) {
  if (!exponent) return {"-"};
  return {fmt::format("{:.2f}", exponent->value),
          exponent->error ? fmt::format("{:.2f}", *exponent->error) : ""};
}

// Twice the tokens at the shortest length are there to be compared, not to be a table of their own.
std::vector<int64_t> shown_series(const Rows& rows) {
  const std::vector<int64_t> all =
      distinct(rows, [](const ThroughputRow& row) { return row.series; });
  std::vector<int64_t> shown;
  for (const int64_t series : all)
    if (series == 0 || series % 2 || !contains(all, series / 2)) shown.push_back(series);
  return shown;
}

Table make(const Rows& rows, Phase phase, int64_t series) {
  std::set<int64_t> lengths;
  int64_t threads = 0;
  for (const ThroughputRow& row : rows)
    if (row.phase == phase && row.series == series) {
      lengths.insert(row.length);
      threads = row.threads;
    }
  Table table;
  table.title = fmt::format("{}, {}, {} thread{}: tokens per second, median ±half of p20 to p80",
                            to_string(phase),
                            series == 0              ? "batch 1"
                            : phase == Phase::decode ? fmt::format("batch {} / length", series)
                                                     : fmt::format("{} tokens a step", series),
                            threads, threads == 1 ? "" : "s");
  table.header = {"model"};
  for (const int64_t length : lengths) table.header.push_back(fmt::format("@{}", length));
  table.header.insert(table.header.end(), {"time ~L^", "memory ~L^"});
  for (const std::string& model : distinct(rows, [](const auto& row) { return row.model; })) {
    std::vector<TableCell>& line = table.models.emplace_back();
    line.push_back({model});
    const ThroughputRow* good = nullptr;
    for (const int64_t length : lengths) {
      const ThroughputRow* row = find(rows, model, phase, series, length);
      line.push_back(speed(row));
      if (row && row->ok()) good = row;
    }
    const Scaling scaling = good ? scaling_of(*good, rows) : Scaling();
    line.push_back(exponent(scaling.time));
    line.push_back(exponent(scaling.memory));
  }
  return table;
}

std::vector<std::string> reasons(const Rows& rows) {
  std::vector<std::string> lines;
  for (const ThroughputRow& row : rows)
    if (!row.ok())
      lines.push_back(fmt::format("{}, {}, length {}, batch {}: {}: {}", row.model,
                                  to_string(row.phase), row.length, row.batch,
                                  to_string(row.status), row.message));
  return lines;
}

}  // namespace

std::vector<Table> throughput_tables(const std::vector<ThroughputRow>& rows) {
  std::vector<Table> tables;
  for (const Phase phase : {Phase::train, Phase::prefill, Phase::decode})
    for (const int64_t series : shown_series(rows))
      if (std::any_of(rows.begin(), rows.end(), [&](const ThroughputRow& row) {
            return row.phase == phase && row.series == series;
          }))
        tables.push_back(make(rows, phase, series));
  if (tables.empty()) return tables;
  std::vector<std::string>& legend = tables.back().legend;
  legend.push_back(
      "time, memory ~L^: exponent against length ±standard error, fitted over the upper half of "
      "the "
      "lengths; time of one sequence, in decode of one position; memory: peak activations");
  for (const std::string& reason : reasons(rows)) legend.push_back(reason);
  for (const std::string& note : sanity_notes(rows)) legend.push_back("note: " + note);
  return tables;
}

std::vector<const ThroughputRow*> headlines(const std::vector<ThroughputRow>& rows, Phase phase) {
  const auto place = [](const ThroughputRow& row) { return std::pair(row.length, row.batch); };
  std::vector<const ThroughputRow*> longest;
  for (const ThroughputRow& row : rows) {
    if (row.phase != phase || (phase == Phase::decode && row.series != 0)) continue;
    if (!longest.empty() && place(row) > place(*longest.front())) longest.clear();
    if (longest.empty() || place(row) == place(*longest.front())) longest.push_back(&row);
  }
  return longest;
}

}  // namespace longhaul

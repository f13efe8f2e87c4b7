#include "harness/tables/pairs_csv.h"

#include "harness/tables/paired.h"
#include "harness/tables/summary.h"

namespace longhaul {
namespace {

struct Pair {
  const ResultCell* model;
  const ResultCell* opponent;
  Paired paired;
  std::optional<double> p_holm;  // among the pairs of its task and length
};

const std::vector<Column<Pair>>& pair_table() {
  using P = const Pair&;
  static const std::vector<Column<Pair>> columns = {
      {"task", "name of the task's entry in the suite", [](P p) { return p.model->task; }},
      {"eval_length", "length of the test examples; 0: the task's own lengths",
       [](P p) { return csv_text(p.model->eval_length); }},
      {"model", "label of the model in the table", [](P p) { return p.model->row.label; }},
      {"opponent", "label of the model that it is compared with",
       [](P p) { return p.opponent->row.label; }},
      {"n", "seeds that both have", [](P p) { return csv_text(p.paired.n); }},
      {"difference", "mean over these seeds of the model's test_value less the opponent's",
       [](P p) { return csv_text(p.paired.difference); }},
      {"ci95_low",
       "lower end of the 95% interval of the difference, by Student's t; empty for n = 1",
       [](P p) { return csv_text(p.paired.low()); }},
      {"ci95_high", "its upper end", [](P p) { return csv_text(p.paired.high()); }},
      {"p", "p of a two-sided paired t-test, for this pair alone; empty for n = 1",
       [](P p) { return csv_text(p.paired.p); }},
      {"p_holm", "the same, corrected for all pairs of the task and length (Holm)",
       [](P p) { return csv_text(p.p_holm); }},
  };
  return columns;
}

// The pairs of one column of the table.
std::vector<Pair> pairs_of(const std::vector<const ResultCell*>& column) {
  std::vector<Pair> pairs;
  std::vector<double> p_values;
  for (std::size_t i = 0; i < column.size(); ++i)
    for (std::size_t j = i + 1; j < column.size(); ++j) {
      const Paired paired = pair_by_seed(column[j]->scores, column[i]->scores);
      if (paired.n == 0) continue;
      pairs.push_back({column[i], column[j], paired, std::nullopt});
      if (paired.p) p_values.push_back(*paired.p);
    }
  const std::vector<double> corrected = holm(p_values);
  std::size_t next = 0;
  for (Pair& pair : pairs)
    if (pair.paired.p) pair.p_holm = corrected[next++];
  return pairs;
}

}  // namespace

std::string pairs_csv(const Results& results) {
  if (rows_of(results.trials).size() < 2) return "";
  const std::vector<ResultCell> cells = summarize(results);
  std::string csv = header(pair_table());
  for (const auto& [task, length] : distinct(
           cells, [](const ResultCell& cell) { return std::pair(cell.task, cell.eval_length); })) {
    std::vector<const ResultCell*> column;
    for (const ResultCell& cell : cells)
      if (cell.task == task && cell.eval_length == length) column.push_back(&cell);
    for (const Pair& pair : pairs_of(column)) csv += line(pair_table(), pair);
  }
  return csv;
}

std::vector<ColumnInfo> pairs_columns() { return infos(pair_table()); }

}  // namespace longhaul

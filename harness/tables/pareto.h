#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/tables/summary.h"
#include "support/columns.h"

namespace longhaul {

// What accuracy is weighed against. A row of a table.
struct Cost {
  std::string name;         // of the column in pareto.csv: "state_bytes"
  std::string description;  // "bytes of state"
  bool less_is_better;
  // Over the trials of a cell that went well, or as measured alone; nothing if it is not known.
  std::function<std::optional<double>(const Results&, const ResultCell&)> value;
};

const std::vector<Cost>& pareto_costs();

// One model on one task, weighed against one cost. It is on the front if no model of the task
// scores at least as high at no more cost, and is better in one of the two.
struct ParetoPoint {
  const ResultCell* cell;
  const Cost* cost;
  double score, value;
  bool is_on_front;
};

// By cost, then in the order of the cells. The points point into `cells`.
std::vector<ParetoPoint> pareto_points(const Results& results,
                                       const std::vector<ResultCell>& cells);

// The models that are on the front of each cost on the mean over the tasks, a line each, for below
// a table; none for fewer than two models.
std::vector<std::string> pareto_lines(const Results& results, const std::vector<ResultCell>& cells);

// pareto.csv; "" for fewer than two models.
std::string pareto_csv(const Results& results);
std::vector<ColumnInfo> pareto_columns();

}  // namespace longhaul

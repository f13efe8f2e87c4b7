#include "harness/throughput/profile_table.h"

#include <fmt/format.h>

namespace longhaul {
namespace {

TableCell percent(double share) { return {share == 0 ? "-" : fmt::format("{:.1f}", 100 * share)}; }

// A rate and its share of the machine's.
void add_rate(std::vector<TableCell>& line, double rate, double limit) {
  if (rate > 0) {
    line.push_back({fmt::format("{:.1f}", rate)});
    line.push_back({fmt::format("{:.0f}%", 100 * rate / limit)});
  } else {
    line.insert(line.end(), 2, {"-"});
  }
}

Table table_of(const ProfileRow& row) {
  Table table;
  table.title = fmt::format("{}, {}, length {}, batch {}, {} thread{}: {:.2f} ms a step", row.model,
                            to_string(row.phase), row.length, row.batch, row.threads,
                            row.threads == 1 ? "" : "s", 1e3 * row.step_seconds);
  table.header = {"operator", "%",       "forward", "backward",
                  "GFLOP/s",  "of peak", "GB/s",    "of memory"};
  for (const ProfiledKind& kind : row.kinds) {
    const OperatorCost all = whole(kind.costs);
    std::vector<TableCell>& line = table.models.emplace_back();
    line.push_back({kind.name});
    line.push_back(percent(row.share(all.seconds)));
    line.push_back(percent(row.share(kind.costs.forward.seconds)));
    line.push_back(percent(row.share(kind.costs.backward.seconds)));
    add_rate(line, row.gflops(all), row.peak_gflops);
    add_rate(line, row.gigabytes(all), row.gigabytes_per_second);
  }
  return table;
}

}  // namespace

std::vector<Table> profile_tables(const std::vector<ProfileRow>& rows) {
  std::vector<Table> tables;
  std::vector<std::string> reasons;
  for (const ProfileRow& row : rows)
    if (row.ok())
      tables.push_back(table_of(row));
    else
      reasons.push_back(fmt::format("{}, {}, length {}, batch {}: {}: {}", row.model,
                                    to_string(row.phase), row.length, row.batch,
                                    to_string(row.status), row.message));
  if (tables.empty() && !reasons.empty()) tables.emplace_back().title = "nothing was profiled";
  if (tables.empty()) return tables;
  std::vector<std::string>& legend = tables.back().legend;
  if (!rows.empty())
    legend.push_back(fmt::format(
        "%: of the threads' time; between: what no operator accounts for, such as waiting; of "
        "peak: of {:.0f} GFLOP/s; of memory: of {:.1f} GB/s, above 100% caches deliver",
        rows.front().peak_gflops, rows.front().gigabytes_per_second));
  legend.insert(legend.end(), reasons.begin(), reasons.end());
  return tables;
}

}  // namespace longhaul

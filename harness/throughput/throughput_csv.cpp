#include "harness/throughput/throughput_csv.h"

#include <algorithm>

#include "harness/throughput/scaling.h"
#include "support/columns.h"

namespace longhaul {
namespace {

struct Line {
  const ThroughputRow& row;
  Scaling scaling;
};

using ThroughputColumn = Column<Line>;

// A number that only an ok row has.
ThroughputColumn of_ok(const char* name, double (*value)(const ThroughputRow&)) {
  return {name, [=](const Line& line) { return line.row.ok() ? csv_text(value(line.row)) : ""; }};
}

// A count that is missing where it is 0.
ThroughputColumn of_row(const char* name, int64_t ThroughputRow::*member) {
  return {name,
          [=](const Line& line) { return line.row.*member > 0 ? csv_text(line.row.*member) : ""; }};
}

ThroughputColumn of_row(const char* name, std::string ThroughputRow::*member) {
  return {name, [=](const Line& line) { return line.row.*member; }};
}

ThroughputColumn of_exponent(const char* name, std::optional<Exponent> Scaling::*member) {
  return {name, [=](const Line& line) {
            const std::optional<Exponent>& exponent = line.scaling.*member;
            return exponent ? csv_text(exponent->value) : "";
          }};
}

ThroughputColumn of_error(const char* name, std::optional<Exponent> Scaling::*member) {
  return {name, [=](const Line& line) {
            const std::optional<Exponent>& exponent = line.scaling.*member;
            return exponent ? csv_text(exponent->error) : "";
          }};
}

// The one list of what throughput.csv holds. What each means: docs/results.md.
const std::vector<ThroughputColumn>& throughput_columns() {
  using R = ThroughputRow;
  static const std::vector<ThroughputColumn> columns = {
      of_row("model", &R::model),
      {"phase", [](const Line& line) { return to_string(line.row.phase); }},
      of_row("length", &R::length),
      of_row("batch", &R::batch),
      of_ok("tokens_per_second_median", [](const R& row) { return row.tokens_per_second(0.5); }),
      of_ok("tokens_per_second_p20", [](const R& row) { return row.tokens_per_second(0.2); }),
      of_ok("tokens_per_second_p80", [](const R& row) { return row.tokens_per_second(0.8); }),
      {"repetitions", [](const Line& line) { return csv_text(line.row.step_seconds.size()); }},
      of_ok("step_milliseconds_median", [](const R& row) { return 1e3 * row.median_seconds(); }),
      of_row("peak_activation_bytes", &R::peak_activation_bytes),
      of_row("parameter_bytes", &R::parameter_bytes),
      of_row("optimizer_bytes", &R::optimizer_bytes),
      of_row("state_bytes", &R::state_bytes),
      of_ok("flops_per_token", [](const R& row) { return row.flops_per_token; }),
      of_ok("fraction_of_peak", [](const R& row) { return row.fraction_of_peak(); }),
      of_ok("peak_gflops", [](const R& row) { return row.peak_gflops; }),
      of_exponent("scaling_exponent", &Scaling::time),
      of_error("scaling_exponent_error", &Scaling::time),
      of_exponent("memory_exponent", &Scaling::memory),
      of_error("memory_exponent_error", &Scaling::memory),
      of_row("kernel", &R::kernel),
      of_row("isa", &R::isa),
      of_row("threads", &R::threads),
      of_row("precision", &R::precision),
      {"status", [](const Line& line) { return to_string(line.row.status); }},
      of_row("reason", &R::message),
      of_row("host", &R::host),
      of_row("cpu", &R::cpu),
      of_row("version", &R::version),
  };
  return columns;
}

}  // namespace

std::string throughput_csv(const std::vector<ThroughputRow>& rows) {
  if (rows.empty()) return "";
  std::string csv = header(throughput_columns());
  for (const ThroughputRow& row : rows)
    csv += line(throughput_columns(), {row, scaling_of(row, rows)});
  return csv;
}

}  // namespace longhaul

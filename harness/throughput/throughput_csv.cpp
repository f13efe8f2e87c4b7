#include "harness/throughput/throughput_csv.h"

#include <algorithm>
#include <cmath>

#include "harness/throughput/scaling.h"
#include "support/columns.h"

namespace longhaul {
namespace {

struct ThroughputLine {
  const ThroughputRow& row;
  Scaling scaling;
};

using ThroughputColumn = Column<ThroughputLine>;

// A number that only an ok row has, and of those that an older version measured not all.
ThroughputColumn of_ok(const char* name, double (*value)(const ThroughputRow&),
                       const char* description, bool measured = kMeasured) {
  return {name, description,
          [=](const ThroughputLine& line) {
            const double number = line.row.ok() ? value(line.row) : 0;
            return number > 0 && std::isfinite(number) ? csv_text(number) : "";
          },
          measured};
}

// A count that is missing where it is 0.
ThroughputColumn of_row(const char* name, int64_t ThroughputRow::*member, const char* description,
                        bool measured = false) {
  return {name, description,
          [=](const ThroughputLine& line) {
            return line.row.*member > 0 ? csv_text(line.row.*member) : "";
          },
          measured};
}

ThroughputColumn of_row(const char* name, std::string ThroughputRow::*member,
                        const char* description, bool measured = false) {
  return {name, description, [=](const ThroughputLine& line) { return line.row.*member; },
          measured};
}

ThroughputColumn of_exponent(const char* name, std::optional<Exponent> Scaling::*member,
                             const char* description) {
  return {name, description,
          [=](const ThroughputLine& line) {
            const std::optional<Exponent>& exponent = line.scaling.*member;
            return exponent ? csv_text(exponent->value) : "";
          },
          kMeasured};
}

ThroughputColumn of_error(const char* name, std::optional<Exponent> Scaling::*member,
                          const char* description) {
  return {name, description,
          [=](const ThroughputLine& line) {
            const std::optional<Exponent>& exponent = line.scaling.*member;
            return exponent ? csv_text(exponent->error) : "";
          },
          kMeasured};
}

const std::vector<ThroughputColumn>& throughput_table() {
  using R = ThroughputRow;
  static const std::vector<ThroughputColumn> columns = {
      of_row("model", &R::model, "name of the model's entry in the suite"),
      {"phase", "`train`, `prefill` or `decode`",
       [](const ThroughputLine& line) { return to_string(line.row.phase); }},
      of_row("length", &R::length, "positions of each sequence"),
      of_row("batch", &R::batch, "sequences of a step"),
      of_ok(
          "tokens_per_second_median", [](const R& row) { return row.tokens_per_second(0.5); },
          "tokens a second, median over the repetitions"),
      of_ok(
          "tokens_per_second_p20", [](const R& row) { return row.tokens_per_second(0.2); },
          "a fifth of the repetitions were slower"),
      of_ok(
          "tokens_per_second_p80", [](const R& row) { return row.tokens_per_second(0.8); },
          "a fifth of the repetitions were faster"),
      {"repetitions", "how often it was timed; each time is the mean of the steps of a turn",
       [](const ThroughputLine& line) { return csv_text(line.row.step_seconds.size()); }},
      of_ok(
          "step_milliseconds_median", [](const R& row) { return 1e3 * row.median_seconds(); },
          "time of a step of batch x length tokens, in decode of batch tokens"),
      of_row("peak_activation_bytes", &R::peak_activation_bytes,
             "largest memory during a step, above what was held before; grows with the threads",
             kMeasured),
      of_row("parameter_bytes", &R::parameter_bytes, "memory of the weights"),
      of_row("optimizer_bytes", &R::optimizer_bytes,
             "memory of moments and of the lanes' gradients; only in training"),
      of_row("state_bytes", &R::state_bytes,
             "state of one sequence after `length` positions; only in decode"),
      of_ok(
          "flops_per_token", [](const R& row) { return row.flops_per_token; },
          "operations, counted by the operators that ran", !kMeasured),
      of_ok(
          "fraction_of_peak", [](const R& row) { return row.fraction_of_peak(); },
          "operations a second over `peak_gflops`; above 1 a row that is not bf16 is `failed`, "
          "since something counts more than it does"),
      of_ok(
          "peak_gflops", [](const R& row) { return row.peak_gflops; },
          "fused multiply-adds of all threads at once in float32, measured before the first row"),
      of_exponent("scaling_exponent", &Scaling::time,
                  "how time grows with the length: 1 is linear, 2 quadratic"),
      of_error("scaling_exponent_error", &Scaling::time,
               "its standard error; empty if fewer than three lengths were fitted"),
      of_exponent("memory_exponent", &Scaling::memory,
                  "how peak_activation_bytes grow with the length"),
      of_error("memory_exponent_error", &Scaling::memory,
               "its standard error; empty if fewer than three lengths were fitted"),
      of_row("kernel", &R::kernel,
             "what makes the products of matrices: `tiles`, longhaul's own; in older rows what "
             "oneDNN chose",
             kMeasured),
      of_row("isa", &R::isa,
             "instruction set that the kernels are compiled for, `x86-64-v3` or `x86-64-v4`",
             kMeasured),
      of_row("threads", &R::threads, "threads of the measurement", kMeasured),
      of_row("precision", &R::precision, "setting `precision`: float32, bf16 or bf16_emulated"),
      {"status",
       "`ok`; `unsupported`: the model cannot do this; `out_of_memory`: it would need more than "
       "there is, as shorter lengths foretell; `failed`",
       [](const ThroughputLine& line) { return to_string(line.row.status); }, kMeasured},
      of_row("reason", &R::message, "why the status is not `ok`", kMeasured),
      of_row("host", &R::host, "name of the machine", kMeasured),
      of_row("cpu", &R::cpu, "its processor", kMeasured),
      of_row("version", &R::version, "version of longhaul"),
      of_row(
          "build", &R::build,
          "hash of the sources of longhaul that the row depends on; empty in rows older than it"),
  };
  return columns;
}

}  // namespace

std::string throughput_csv(const std::vector<ThroughputRow>& rows) {
  if (rows.empty()) return "";
  std::string csv = header(throughput_table());
  for (const ThroughputRow& row : rows)
    csv += line(throughput_table(), {row, scaling_of(row, rows)});
  return csv;
}

std::vector<ColumnInfo> throughput_columns() { return infos(throughput_table()); }

}  // namespace longhaul

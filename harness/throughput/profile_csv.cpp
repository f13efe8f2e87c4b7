#include "harness/throughput/profile_csv.h"

#include <cmath>

namespace longhaul {
namespace {

struct ProfileLine {
  const ProfileRow& row;
  const ProfiledKind* kind;  // null: the row is not ok
};

using ProfileColumn = Column<ProfileLine>;

ProfileColumn of_profile(const char* name, std::string ProfileRow::*member, const char* description,
                         bool measured = false) {
  return {name, description, [=](const ProfileLine& line) { return line.row.*member; }, measured};
}

ProfileColumn of_profile(const char* name, int64_t ProfileRow::*member, const char* description,
                         bool measured = false) {
  return {name, description, [=](const ProfileLine& line) { return csv_text(line.row.*member); },
          measured};
}

// A number of a kind; empty where it is nothing.
ProfileColumn of_kind(const char* name, double (*value)(const ProfileRow&, const OperatorCosts&),
                      const char* description, bool measured = kMeasured) {
  return {name, description,
          [=](const ProfileLine& line) {
            const double number = line.kind ? value(line.row, line.kind->costs) : 0;
            return number != 0 && std::isfinite(number) ? csv_text(number) : "";
          },
          measured};
}

double a_token(const ProfileRow& row, int64_t count) {
  return static_cast<double>(count) / static_cast<double>(row.tokens());
}

const std::vector<ProfileColumn>& profile_table() {
  using R = ProfileRow;
  using C = OperatorCosts;
  static const std::vector<ProfileColumn> columns = {
      of_profile("model", &R::model, "name of the model's entry in the suite"),
      {"phase", "`train` or `prefill`",
       [](const ProfileLine& line) { return to_string(line.row.phase); }},
      of_profile("length", &R::length, "positions of each sequence"),
      of_profile("batch", &R::batch, "sequences of a step"),
      {"operator",
       "kind of operator; `gradients`: clearing and summing those of the lanes; `between`: what no "
       "operator accounts for",
       [](const ProfileLine& line) { return line.kind ? line.kind->name : ""; }},
      of_kind(
          "share", [](const R& row, const C& c) { return row.share(whole(c).seconds); },
          "of the threads' time during the step; the shares of a step sum to 1"),
      of_kind(
          "share_forward", [](const R& row, const C& c) { return row.share(c.forward.seconds); },
          "of the same time, in the forward pass"),
      of_kind(
          "share_backward", [](const R& row, const C& c) { return row.share(c.backward.seconds); },
          "of the same time, in the backward pass"),
      of_kind(
          "calls", [](const R&, const C& c) { return static_cast<double>(whole(c).calls); },
          "in a step, forward and backward", !kMeasured),
      of_kind(
          "flops_per_token", [](const R& row, const C& c) { return a_token(row, whole(c).flops); },
          "operations, as counted by the operators; they sum to that of throughput.csv",
          !kMeasured),
      of_kind(
          "bytes_per_token", [](const R& row, const C& c) { return a_token(row, whole(c).bytes); },
          "of the tensors that the operators read and write, each once in a call", !kMeasured),
      of_kind(
          "gflops", [](const R& row, const C& c) { return row.gflops(whole(c)); },
          "operations a second, of all threads"),
      of_kind(
          "fraction_of_peak",
          [](const R& row, const C& c) { return row.gflops(whole(c)) / row.peak_gflops; },
          "gflops over peak_gflops"),
      of_kind(
          "gigabytes_per_second", [](const R& row, const C& c) { return row.gigabytes(whole(c)); },
          "bytes a second, of all threads"),
      of_kind(
          "fraction_of_memory",
          [](const R& row, const C& c) {
            return row.gigabytes(whole(c)) / row.gigabytes_per_second;
          },
          "gigabytes_per_second over memory_gigabytes_per_second; above 1 caches deliver them"),
      {"step_milliseconds", "time of a step, the turn of median time",
       [](const ProfileLine& line) {
         return line.row.ok() ? csv_text(1e3 * line.row.step_seconds) : "";
       },
       kMeasured},
      {"peak_gflops", "fused multiply-adds of all threads at once, measured before the first row",
       [](const ProfileLine& line) { return csv_text(line.row.peak_gflops); }, kMeasured},
      {"memory_gigabytes_per_second",
       "a = b + s c of all threads at once, on arrays larger than the caches, likewise",
       [](const ProfileLine& line) { return csv_text(line.row.gigabytes_per_second); }, kMeasured},
      of_profile("isa", &R::isa, "instruction set that the kernels are compiled for", kMeasured),
      of_profile("threads", &R::threads, "threads of the measurement", kMeasured),
      of_profile("precision", &R::precision, "setting `precision`: float32, bf16 or bf16_emulated"),
      {"status", "as in throughput.csv",
       [](const ProfileLine& line) { return to_string(line.row.status); }, kMeasured},
      of_profile("reason", &R::message, "why the status is not `ok`", kMeasured),
      of_profile("host", &R::host, "name of the machine", kMeasured),
      of_profile("cpu", &R::cpu, "its processor", kMeasured),
      of_profile("version", &R::version, "version of longhaul"),
      of_profile("build", &R::build, "hash of the sources of longhaul that the row depends on"),
  };
  return columns;
}

}  // namespace

std::string profile_csv(const std::vector<ProfileRow>& rows) {
  if (rows.empty()) return "";
  std::string csv = header(profile_table());
  for (const ProfileRow& row : rows) {
    for (const ProfiledKind& kind : row.kinds) csv += line(profile_table(), {row, &kind});
    if (row.kinds.empty()) csv += line(profile_table(), {row, nullptr});
  }
  return csv;
}

std::vector<ColumnInfo> profile_columns() { return infos(profile_table()); }

}  // namespace longhaul

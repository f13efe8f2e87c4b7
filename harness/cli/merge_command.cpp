#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "harness/cli/command.h"
#include "harness/results/merge.h"
#include "harness/throughput/profile_record.h"
#include "harness/throughput/solver_record.h"
#include "harness/throughput/throughput_record.h"
#include "support/exit_status.h"
#include "support/say.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string first, second, out;
};

// The rows of the first, and of the second those of models that the first did not time: times of
// one table are of one machine as far as may be.
template <class Row>
std::vector<Row> united(std::vector<Row> rows, const std::vector<Row>& others) {
  const std::size_t own = rows.size();
  for (const Row& other : others)
    if (std::none_of(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(own),
                     [&](const Row& row) { return row.model == other.model; }))
      rows.push_back(other);
  return rows;
}

void merge(const Arguments& arguments, CommandContext& context) {
  const fs::path first = arguments.first, second = arguments.second, out = arguments.out;
  const Merged merged = merge_trials(first, second, out);
  const auto rows = united(read_throughput(first), read_throughput(second));
  if (!rows.empty()) write_throughput(out, rows);
  const auto solvers = united(read_solvers(first), read_solvers(second));
  if (!solvers.empty()) write_solvers(out, solvers);
  const auto profile = united(read_profile(first), read_profile(second));
  if (!profile.empty()) write_profile(out, profile);
  for (const std::string& problem : merged.problems) say("{}\n", problem);
  fmt::print("{}: {} finished trials of {}, {} of {}", out.string(), merged.from_first,
             first.string(), merged.from_second, second.string());
  if (merged.in_both > 0)
    fmt::print("; {} were finished in both, and those of {} were taken", merged.in_both,
               first.string());
  fmt::print("; {} wait\n", merged.waiting);
  if (!merged.problems.empty()) context.exit_status = kSomeFailed;
}

}  // namespace

void add_merge_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "merge", "Makes one results folder of two, as machines that shared a suite left them");
  command.add("A", arguments->first, "Results folder; its trials win where both have one")
      .required();
  command.add("B", arguments->second, "Results folder").required();
  command.add("-o,--out", arguments->out, "The folder to make").required();
  command.footer(
      "Two folders with other settings for the same model, task and seed are refused: compare "
      "them.\n"
      "Example: longhaul merge host1/quick host2/quick -o results/runs/quick");
  command.run([arguments, &context] { merge(*arguments, context); });
}

}  // namespace longhaul

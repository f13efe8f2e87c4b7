#include "harness/cli/throughput_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/cli/terminal.h"
#include "harness/suite/find_suite.h"
#include "harness/suite/suite.h"
#include "harness/throughput/profile_table.h"
#include "harness/throughput/solver_table.h"
#include "harness/throughput/throughput_table.h"
#include "support/cores.h"
#include "support/say.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string suite, out;
  int threads = usable_cores();
  bool profile = false;
  std::vector<std::string> overrides;
};

// What will be measured and about how long that takes. A row costs its turns, warming up, and a
// first pass; long sequences of a slow model take longer.
std::string announcement(const Suite& suite) {
  const ThroughputPlan plan = suite.throughput.value_or(ThroughputPlan());
  const auto rows =
      static_cast<double>(suite.models.size() * plan.phases.size() * timed_shapes(plan).size());
  const double seconds = rows * (1 + static_cast<double>(plan.repetitions) * plan.turn_seconds);
  std::string lengths;
  for (const int64_t length : plan.lengths)
    lengths += (lengths.empty() ? "" : ", ") + std::to_string(length);
  return fmt::format(
      "{} models x {} phases x {} shapes at lengths {}: {} rows, {} or more. Fewer lengths: --set "
      "'throughput.lengths=[256, 1024]'",
      suite.models.size(), plan.phases.size(), timed_shapes(plan).size(), lengths, rows,
      duration_text(seconds));
}

template <class Row>
bool some_failed(const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const Row& row) { return !row.ok() && row.status != Status::unsupported; });
}

void measure(const Arguments& arguments, CommandContext& context) {
  const Suite suite = load_suite(find_shipped("suite", arguments.suite), context.registry,
                                 arguments.overrides, Purpose::measure);
  const std::filesystem::path out = results_folder(suite.name, arguments.out);
  ProgressDisplay display(stderr);
  if (arguments.profile) {
    const std::vector<ProfileRow> rows =
        run_profile(suite, context.registry, out, arguments.threads, display);
    for (const Table& table : profile_tables(rows))
      fmt::print("{}", to_text(table, output_style()));
    context.exit_status = some_failed(rows);
    return;
  }
  say("{}\n", announcement(suite));
  const std::vector<ThroughputRow> rows =
      run_throughput(suite, context.registry, out, arguments.threads, display);
  print_throughput(rows, read_solvers(out));
  context.exit_status = throughput_status(rows);
}

}  // namespace

void print_throughput(const std::vector<ThroughputRow>& rows,
                      const std::vector<SolverRecord>& solvers) {
  for (const Table& table : throughput_tables(rows))
    fmt::print("{}", to_text(table, output_style()));
  if (!solvers.empty()) fmt::print("{}", to_text(solver_table(solvers), output_style()));
}

int throughput_status(const std::vector<ThroughputRow>& rows) { return some_failed(rows); }

void add_throughput_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "throughput",
      "Times a suite's models with nothing else running; rows already measured are kept");
  command.add("SUITE", arguments->suite, "A suite file, or the name of one that ships").required();
  command.add("--out", arguments->out, "Results folder [results/runs/<suite>]");
  command.add("--threads", arguments->threads, "Threads of the one program [cores]").range(1, 1024);
  command.add("--set", arguments->overrides, "PATH=VALUE: override an entry of the suite")
      .one_value_each();
  command.flag(
      "--profile", arguments->profile,
      "Instead say where the time of training and prefill steps goes, operator by operator");
  add_plugin_option(command, context);
  command.footer(
      "Example: longhaul throughput quick --set 'throughput.lengths=[256, 1024]' --out /tmp/cost");
  command.run([arguments, &context] { measure(*arguments, context); });
}

}  // namespace longhaul

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/plan/plan_table.h"
#include "harness/suite/find_suite.h"
#include "support/exit_status.h"
#include "support/json.h"
#include "support/say.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string suite;
  std::string out;
  std::vector<std::string> overrides;
  PlanOptions options;
  bool json = false;
};

// Says what takes its time: on a terminal one line that renews itself, in a pipe the first.
class CalibrationLine {
 public:
  void operator()(int64_t done, int64_t total) {
    if (is_terminal_)
      say("\r\x1b[Kcalibrating: {} of {} models and tasks{}", done, total,
          done == total ? "\n" : "");
    else if (!is_said_)
      say("calibrating {} models and tasks\n", total);
    is_said_ = true;
  }

 private:
  const bool is_terminal_ = isatty(STDERR_FILENO) == 1;
  bool is_said_ = false;
};

void check(const PlanOptions& options) {
  const bool has_hosts = options.hosts > 0 || options.cores > 0;
  require(!has_hosts || options.jobs == 0,
          "--jobs is of this machine alone: leave it out with --hosts and --cores");
}

void plan(Arguments arguments, CommandContext& context) {
  check(arguments.options);
  if (arguments.options.cores > 0) arguments.options.hosts = std::max(1, arguments.options.hosts);
  const Suite suite =
      load_suite(find_shipped("suite", arguments.suite), context.registry, arguments.overrides);
  const fs::path out = results_folder(suite.name, arguments.out);
  try {
    const SuitePlan plan =
        plan_suite(suite, context.registry, out, arguments.options, CalibrationLine());
    fmt::print("{}", arguments.json ? json_text(to_json(plan)) : to_text(plan));
    context.exit_status = plan.has_failures() ? kSomeFailed : 0;
  } catch (const Interrupted& interrupted) {
    say("{}\n", interrupted.what());
    context.exit_status = kInterrupted;
  } catch (const MachineFault& fault) {
    say("longhaul: {}\n", fault.what());
    context.exit_status = kEnvironmentFault;
  }
}

}  // namespace

void add_plan_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  PlanOptions& options = arguments->options;
  Command command = program.add(
      "plan",
      "Says what a suite will cost: trials, parameters, memory, FLOPs, time. Trains each model for "
      "some steps on each task, once a machine.");
  command.add("SUITE", arguments->suite, "A suite file, or the name of one that ships").required();
  command.add("--out", arguments->out,
              "Results folder whose finished trials are left out [results/runs/<suite>]");
  command.add("--jobs", options.jobs, "Trials at once [cores / threads]").range(1, 1024);
  command.add("--threads", options.threads, "Threads of each trial").range(1, 1024).show_default();
  command.add("--hosts", options.hosts, "For so many machines like this one").range(1, 100000);
  command.add("--cores", options.cores, "Cores of each of them [as here]").range(1, 1024);
  command.flag("--json", arguments->json, "JSON in place of the table");
  command.add("--set", arguments->overrides, "PATH=VALUE: override an entry of the suite")
      .one_value_each();
  add_plugin_option(command, context);
  command.footer("Example: longhaul plan quick --hosts 200 --cores 64 --set budget.steps=50000");
  command.run([arguments, &context] { plan(*arguments, context); });
}

}  // namespace longhaul

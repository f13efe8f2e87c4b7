#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>

#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/cli/terminal.h"
#include "harness/cli/throughput_command.h"
#include "harness/plan/calibration_cache.h"
#include "harness/run/mpi_executor.h"
#include "harness/run/run_suite.h"
#include "harness/suite/find_suite.h"
#include "harness/tables/results.h"
#include "harness/tables/table.h"
#include "math/ranks.h"
#include "support/exit_status.h"
#include "support/say.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string suite;
  std::string out;
  std::vector<std::string> overrides;
  std::string engine;
  std::vector<std::string> only;
  RunOptions options;
};

std::string summary(const RunOutcome& outcome, const std::string& again) {
  std::string lines;
  if (outcome.stale > 0)
    lines += fmt::format(
        "{} of {} kept trials were made by another build of longhaul; to do them again: {} "
        "--rerun-stale\n",
        outcome.stale, outcome.kept, again);
  for (const std::string& damaged : outcome.damaged) lines += damaged + "\n";
  for (const std::string& failure : outcome.failures) lines += failure + "\n";
  if (!outcome.failures.empty())
    lines += fmt::format(
        "{} of {} trials failed. A failed trial is kept like any other; to try them again: {} "
        "--retry-failed\n",
        outcome.failures.size(), outcome.trials, again);
  if (outcome.left_out > 0)
    lines += fmt::format("{} trials that --only leaves out wait; to do them too: {}\n",
                         outcome.left_out, again);
  for (const std::string& killed : outcome.killed) lines += killed + "\n";
  if (!outcome.killed.empty())
    lines += fmt::format("{} of {} trials were killed and left no record; to do them: {}\n",
                         outcome.killed.size(), outcome.trials, again);
  if (!outcome.fault.empty())
    lines +=
        fmt::format("stopped: {}\nOnce that is mended, go on with: {}\n", outcome.fault, again);
  else if (outcome.detached > 0)
    lines += fmt::format("{} trials run or wait in Slurm{}; to see to them: {}\n", outcome.detached,
                         outcome.waiting > 0
                             ? fmt::format(", and {} wait for their pretraining", outcome.waiting)
                             : "",
                         again);
  else if (outcome.interrupted)
    lines += fmt::format("interrupted. Finished trials are kept; go on with: {}\n", again);
  return lines;
}

// Asks at Ctrl-C. Only a clear word leaves the jobs: whoever presses it again means an end.
bool asks_to_leave(std::size_t trials) {
  say("Cancel the {} trials in Slurm (c), or leave them to run (l)? ", trials);
  sigset_t pending;
  for (;;) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, 100) > 0) break;
    sigpending(&pending);
    if (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM)) return false;
  }
  char answer = 0;
  return read(STDIN_FILENO, &answer, 1) == 1 && answer == 'l';
}

void run(const Arguments& arguments, CommandContext& context) {
  if (!Ranks::all().is_first()) return serve_first_rank();
  const OtherRanks others;
  Suite suite =
      load_suite(find_shipped("suite", arguments.suite), context.registry, arguments.overrides);
  if (!arguments.engine.empty()) suite.engine.name = arguments.engine;
  const fs::path out = results_folder(suite.name, arguments.out);
  ProgressDisplay display(stderr);
  RunOptions options = arguments.options;
  options.only = Only::from_words(arguments.only);
  options.planned_memory = [&](const TrialSpec& spec) {
    return foretold_memory(spec, options.threads);
  };
  if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) options.may_leave = asks_to_leave;
  const RunOutcome outcome = run_suite(suite, context.registry, out, options, display);

  // Whoever interrupts wants an end, even if nobody reads what is said at it.
  if (outcome.interrupted) {
    std::signal(SIGALRM, [](int) { _exit(kInterrupted); });
    alarm(2);
  }
  const std::string again =
      shell_command({"longhaul", "run", (out / "suite.yaml").string(), "--out", out.string()});
  say("{}", summary(outcome, again));
  const Results results = load_results(out);
  if (!results.trials.empty()) fmt::print("{}", to_text(make_table(results), output_style()));
  print_throughput(results.throughput, results.solvers);
  say("as a page with pictures: {}\n", shell_command({"longhaul", "report", out.string()}));
  context.exit_status = std::max(exit_status(outcome), throughput_status(results.throughput));
}

}  // namespace

void add_run_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "run", "Runs or resumes a suite: finished trials are kept, the rest runs. Prints the table.");
  command.add("SUITE", arguments->suite, "A suite file, or the name of one that ships").required();
  command.add("--out", arguments->out, "Results folder [results/runs/<suite>]");
  command
      .add("--jobs", arguments->options.jobs,
           "Trials at once [cores / threads, as far as memory allows; in Slurm no limit]")
      .range(1, 1024);
  command.add("--threads", arguments->options.threads, "Threads of each trial")
      .range(1, 1024)
      .show_default();
  command.add("--engine", arguments->engine, "Where trials run, in place of the suite's engine")
      .one_of({"local", "slurm"});
  command.flag("--detach", arguments->options.detach,
               "Submit to Slurm and leave; a later run sees to what came of it");
  command.add("--set", arguments->overrides, "PATH=VALUE: override an entry of the suite")
      .one_value_each();
  command
      .add("--only", arguments->only,
           "KEY=VALUE,...: these trials of the suite alone, by model, task, seed, pretrain or loss")
      .may_be_repeated();
  command.flag("--retry-failed", arguments->options.retry_failed,
               "Run again what failed, ran out of memory or of time");
  command.flag("--rerun-stale", arguments->options.rerun_stale,
               "Run again what another build of longhaul found");
  add_plugin_option(command, context);
  command.footer("Example: longhaul run quick --set budget.steps=100 --out /tmp/quick");
  command.run([arguments, &context] { run(*arguments, context); });
}

}  // namespace longhaul

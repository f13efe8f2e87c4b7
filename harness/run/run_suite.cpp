#include "harness/run/run_suite.h"

#include <fmt/format.h>

#include <thread>

#include "harness/results/machine.h"
#include "harness/run/run_throughput.h"
#include "harness/suite/grid.h"
#include "harness/suite/match.h"
#include "harness/suite/suite_yaml.h"
#include "harness/suite/tune.h"
#include "longhaul/error.h"
#include "math/ranks.h"
#include "support/cores.h"
#include "support/say.h"

namespace longhaul {
namespace {

// The resolved suite. What ran it stands in comments, so that the file is a suite file itself.
std::string resolved(const Suite& suite, const RunOptions& options) {
  return fmt::format("# longhaul {}\n# {}: {}, {} cores, {} threads a trial\n{}",
                     longhaul_version(), host_name(), cpu_name(), usable_cores(), options.threads,
                     to_yaml(suite));
}

// All trials of a suite, those that choose settings first.
RunOutcome run_all(const Suite& suite, const Registry& registry, const std::filesystem::path& out,
                   const RunOptions& options, ProgressDisplay& display) {
  const std::string yaml = resolved(suite, options);
  for (const std::string& line : match_lines(suite)) say("{}\n", line);
  if (suite.tune.empty()) return run_trials(yaml, grid(suite, registry), out, options, display);

  std::vector<TrialSpec> trials = tuning_trials(suite, registry);
  RunOutcome outcome = run_trials(yaml, trials, out, options, display);
  // Settings are not chosen before every candidate has had its turn.
  if (!outcome.fault.empty() || outcome.interrupted || !outcome.killed.empty() ||
      outcome.detached + outcome.waiting > 0)
    return outcome;
  const Tuned tuned = choose_settings(suite, registry, out);
  for (const std::string& line : tuned.choices) say("{}\n", line);
  trials.insert(trials.end(), tuned.trials.begin(), tuned.trials.end());
  const std::vector<std::string> damaged = std::move(outcome.damaged);
  RunOptions rest = options;
  rest.tried = std::move(outcome.tried);
  outcome = run_trials(yaml, trials, out, rest, display);
  outcome.damaged.insert(outcome.damaged.begin(), damaged.begin(), damaged.end());
  return outcome;
}

}  // namespace

RunOutcome run_suite(const Suite& suite, const Registry& registry, const std::filesystem::path& out,
                     RunOptions options, ProgressDisplay& display) {
  options.retry.max_tries = suite.retry.tries;
  options.retry.delay = std::chrono::duration<double>(suite.retry.delay_seconds);
  options.limits = suite.limits;
  options.checkpoint_seconds = suite.checkpoint_seconds;
  options.engine = suite.engine;
  require(!options.detach || suite.engine.name == "slurm",
          "--detach: leaves the trials to Slurm, so it needs --engine slurm");
  require(options.only.is_all() || suite.tune.empty(),
          "--only: a suite with `tune:` chooses settings from all of its trials; run it whole");
  const RunOutcome outcome = run_all(suite, registry, out, options, display);
  const bool is_done = outcome.fault.empty() && !outcome.interrupted && outcome.detached == 0;
  if (suite.throughput && is_done && !options.only.is_all()) {
    say("throughput is not measured with --only: longhaul throughput SUITE --out {}\n",
        out.string());
  } else if (suite.throughput && is_done && Ranks::all().size() > 1) {
    say("throughput is timed by one process: longhaul throughput SUITE --out {}\n", out.string());
  } else if (suite.throughput && is_done && suite.engine.name != "local") {
    say("throughput is not measured beside a cluster's jobs; on a machine of your own: "
        "longhaul throughput SUITE --out {}\n",
        out.string());
  } else if (suite.throughput && is_done) {
    const int cores = usable_cores();
    run_throughput(suite, registry, out, cores, display);
  }
  return outcome;
}

}  // namespace longhaul

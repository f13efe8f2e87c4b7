#include "harness/run/runner.h"
#include "harness/train/resume.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "harness/results/machine.h"
#include "harness/results/record.h"
#include "harness/results/store.h"
#include "harness/run/earlier_trials.h"
#include "harness/run/interleave.h"
#include "harness/run/local_executor.h"
#include "harness/run/mpi_executor.h"
#include "harness/run/scheduler.h"
#include "harness/run/slurm_executor.h"
#include "harness/suite/pretraining.h"
#include "longhaul/error.h"
#include "math/ranks.h"
#include "support/exit_status.h"
#include "support/file.h"
#include "support/json.h"
#include "support/process.h"
#include "support/strays.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// Every trial gets its folder and spec.json, so that a reader sees what waits; those without a
// whole record go to the scheduler. Two entries of one id are the same trial.
void sort_out(const std::vector<TrialSpec>& specs, const fs::path& trials,
              const RunOptions& options, Scheduler& scheduler, RunOutcome& outcome) {
  revive(specs, trials, options);
  std::set<std::string> seen;
  for (const TrialSpec& spec : specs) {
    const std::string id = spec.id();
    if (!seen.insert(id).second) continue;
    ++outcome.trials;
    const fs::path dir = trials / id;
    fs::create_directories(dir);
    if (const std::optional<TrialRecord> record =
            kept_record(spec, dir, options, outcome.damaged)) {
      ++outcome.kept;
      outcome.stale += record->build != longhaul_build();
      scheduler.keep(spec, *record);
      // Its worker may have been killed before it removed them.
      if (!is_failure(record->status)) remove_resume_files(dir);
    } else {
      fs::remove(dir / "record.json");  // before its spec.json is another's
      write_atomically(dir / "spec.json", json_text(to_json(spec)));
      scheduler.add(spec);
    }
  }
}

// The trials that this run does. The others get their spec.json, so that a reader sees them wait.
std::vector<TrialSpec> asked_for(const std::vector<TrialSpec>& specs, const fs::path& trials,
                                 const RunOptions& options, RunOutcome& outcome) {
  std::vector<TrialSpec> asked;
  for (const TrialSpec& spec : specs) {
    const fs::path dir = trials / spec.id();
    if (options.only.holds(spec)) {
      asked.push_back(spec);
    } else if (!fs::exists(dir / "record.json")) {
      ++outcome.left_out;
      fs::create_directories(dir);
      write_atomically(dir / "spec.json", json_text(to_json(spec)));
    }
  }
  return asked;
}

std::unique_ptr<Executor> make_executor(const fs::path& out, const RunOptions& options) {
  const bool is_shared = Ranks::all().size() > 1;
  require(!is_shared || options.engine.name == "local",
          "--engine slurm: submits jobs of one process; under mpirun and srun the engine is local");
  if (options.engine.name == "slurm") return std::make_unique<SlurmExecutor>(out, options);
  put_away_slurm_jobs(out);
  remove_strays(out);  // not beside writers on other machines, whose numbers mean nothing here
  if (is_shared) return std::make_unique<MpiExecutor>(options);
  return std::make_unique<LocalExecutor>(options);
}

}  // namespace

int exit_status(const RunOutcome& outcome) {
  if (!outcome.fault.empty()) return kEnvironmentFault;
  if (outcome.interrupted) return kInterrupted;
  return outcome.failures.empty() && outcome.killed.empty() ? 0 : kSomeFailed;
}

RunOutcome run_trials(const std::string& suite_yaml, const std::vector<TrialSpec>& specs,
                      const fs::path& out, const RunOptions& options, ProgressDisplay& display) {
  options.only.require_known(specs);
  fs::create_directories(out);
  const FolderLock lock(out);
  const std::unique_ptr<Executor> executor = make_executor(out, options);
  write_atomically(out / "suite.yaml", suite_yaml);
  write_order(out, specs);

  RunOutcome outcome;
  const std::vector<TrialSpec> ordered =  // the scheduler keeps pointers into it
      interleaved(with_pretraining(asked_for(specs, out / "trials", options, outcome)));
  Scheduler scheduler(out / "trials", options, *executor, display, outcome);
  sort_out(ordered, out / "trials", options, scheduler, outcome);
  if (options.detach)
    scheduler.submit_and_leave();
  else
    scheduler.run();
  return outcome;
}

}  // namespace longhaul

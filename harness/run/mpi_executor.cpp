#include "harness/run/mpi_executor.h"

#include <csignal>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/builtins.h"
#include "core/plugin_loader.h"
#include "harness/results/store.h"
#include "harness/train/resume.h"
#include "harness/train/stop_request.h"
#include "harness/train/trainer.h"
#include "harness/train/trial.h"
#include "math/ranks.h"
#include "support/exit_status.h"
#include "support/json.h"
#include "support/json_fields.h"

namespace longhaul {

// What the first rank tells the others to run; an empty folder ends their work.
struct SharedTrial {
  std::string dir;
  int64_t threads = 1;
  double checkpoint_seconds = 0;
};

template <>
inline constexpr auto json_fields<SharedTrial> =
    std::tuple{field("dir", &SharedTrial::dir), field("threads", &SharedTrial::threads),
               field("checkpoint_seconds", &SharedTrial::checkpoint_seconds)};

namespace {

namespace fs = std::filesystem;

TrialSpec spec_in(const fs::path& dir) {
  return read_json_file(dir / "spec.json", trial_from_json);
}

TrialRecord run_shared(const SharedTrial& trial, const TrialSpec& spec) {
  Registry registry;
  register_builtins(registry);
  load_plugins(spec.plugins, registry);
  return run_trial(spec, registry,
                   {trial.dir, static_cast<int>(trial.threads), trial.checkpoint_seconds});
}

// The first rank's part of an attempt.
Attempt attempt_at(const SharedTrial& trial) {
  const Ranks& ranks = Ranks::all();
  try {
    const TrialSpec spec = spec_in(trial.dir);
    ranks.broadcast(json_of(trial).dump());
    Attempt attempt;
    attempt.record = run_shared(trial, spec);
    attempt.recorded = true;
    write_record(trial.dir, attempt.record);
    remove_resume_files(trial.dir);
    return attempt;
  } catch (const StoredToResume& stopped) {
    return lost_attempt(Status::killed, stopped.what());
  } catch (const std::exception& fault) {  // the others would wait for this one
    ranks.abort(fault.what());
  }
}

}  // namespace

void MpiExecutor::submit(const std::vector<fs::path>& trials) {
  dir_ = trials.at(0);
  clear_for_attempt(dir_);
  const SharedTrial trial{fs::absolute(dir_).string(), options_.threads,
                          options_.checkpoint_seconds};
  attempt_ = std::async(std::launch::async, [trial] { return attempt_at(trial); });
}

std::vector<EndedTrial> MpiExecutor::poll() {
  if (dir_.empty() || attempt_.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    return {};
  return {{std::exchange(dir_, {}), attempt_.get()}};
}

void MpiExecutor::cancel() {
  if (!dir_.empty()) request_stop();
}

OtherRanks::~OtherRanks() { Ranks::all().broadcast(json_of(SharedTrial()).dump()); }

void serve_first_rank() {
  // mpirun passes Ctrl-C on to all; the first rank decides at which step they stop.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) std::signal(number, SIG_IGN);
  const Ranks& ranks = Ranks::all();
  for (;;) {
    const auto trial = from_json<SharedTrial>(parse_json(ranks.broadcast("")));
    if (trial.dir.empty()) return;
    try {
      run_shared(trial, spec_in(trial.dir));
    } catch (const StoredToResume&) {  // as all ranks at that step
    } catch (const std::exception& fault) {
      ranks.abort(fault.what());
    }
  }
}

}  // namespace longhaul

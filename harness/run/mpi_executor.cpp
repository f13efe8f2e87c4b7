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
#include "math/memory.h"
#include "math/ranks.h"
#include "support/exit_status.h"
#include "support/json.h"
#include "support/json_fields.h"
#include "support/process.h"

namespace longhaul {

// What the first rank tells the others to run; an empty folder ends their work.
struct SharedTrial {
  std::string dir;
  int64_t threads = 1;
  double checkpoint_seconds = 0;
  double memory = 0;  // limit of each rank
};

template <>
inline constexpr auto json_fields<SharedTrial> =
    std::tuple{field("dir", &SharedTrial::dir), field("threads", &SharedTrial::threads),
               field("checkpoint_seconds", &SharedTrial::checkpoint_seconds),
               field("memory", &SharedTrial::memory)};

namespace {

namespace fs = std::filesystem;

TrialRecord run_shared(const SharedTrial& trial, const TrialSpec& spec) {
  if (trial.memory > 0) limit_memory(trial.memory);
  Registry registry;
  register_builtins(registry);
  load_plugins(spec.plugins, registry);
  TrialRecord record = run_trial(
      spec, registry, {trial.dir, static_cast<int>(trial.threads), trial.checkpoint_seconds});
  release_cached();  // the next trial has the whole limit again
  return record;
}

// The first rank's part of an attempt.
Attempt attempt_at(const SharedTrial& trial) {
  const Ranks& ranks = Ranks::all();
  try {
    const TrialSpec spec = read_spec(trial.dir);
    ranks.broadcast(json_of(trial).dump());
    const TrialRecord record = run_shared(trial, spec);
    write_end(trial.dir, record);
    return recorded_attempt(record);
  } catch (const StoredToResume& stopped) {
    return lost_attempt(Status::killed, stopped.what());
  } catch (const std::exception& fault) {  // the others would wait for this one
    ranks.abort(fault.what());
  }
}

}  // namespace

MpiExecutor::~MpiExecutor() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  turn_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void MpiExecutor::work() {
  for (std::unique_lock lock(mutex_);;) {
    turn_.wait(lock, [this] { return is_over_ || task_.valid(); });
    if (is_over_) return;
    std::packaged_task<Attempt()> task = std::exchange(task_, {});
    lock.unlock();
    task();
    lock.lock();
  }
}

void MpiExecutor::submit(const std::vector<DueTrial>& trials) {
  dir_ = trials.at(0).dir;
  clear_for_attempt(dir_);
  const SharedTrial trial{fs::absolute(dir_).string(), options_.threads,
                          options_.checkpoint_seconds, options_.limits.memory};
  withdraw_stop();
  limits_.emplace(dir_, options_.limits);
  {
    const std::lock_guard lock(mutex_);
    task_ = std::packaged_task<Attempt()>([trial] { return attempt_at(trial); });
    attempt_ = task_.get_future();
  }
  turn_.notify_one();
  // Here and not before, so that signals which the scheduler holds back do not reach it.
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
}

std::vector<EndedTrial> MpiExecutor::poll() {
  if (dir_.empty()) return {};
  if (attempt_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    Attempt attempt = attempt_.get();
    if (!attempt.recorded && limits_->are_exceeded()) attempt = timed_out();
    return {{std::exchange(dir_, {}), std::move(attempt)}};
  }
  const TimeLimits::Order order = limits_->look();
  if (order == TimeLimits::Order::stop) request_stop();
  if (order == TimeLimits::Order::kill) give_up();
  return {};
}

Attempt MpiExecutor::timed_out() const {
  Attempt attempt = limits_->timed_out(options_.threads);
  attempt.record.ranks = Ranks::all().size();
  return attempt;
}

// Of a trial that cannot be stopped alone: the next run finds its record and does the others.
void MpiExecutor::give_up() {
  TrialRecord record = timed_out().record;
  note_settings(record, read_spec(dir_).settings);
  write_record(dir_, record);
  Ranks::all().abort(record.message +
                     "; the trial is recorded as timed_out. The same command goes "
                     "on with the others");
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
      run_shared(trial, read_spec(trial.dir));
    } catch (const StoredToResume&) {  // as all ranks at that step
    } catch (const std::exception& fault) {
      ranks.abort(fault.what());
    }
  }
}

}  // namespace longhaul

#include "harness/run/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

#include "harness/results/store.h"
#include "harness/run/earlier_trials.h"
#include "harness/run/trial_lines.h"
#include "support/process.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kRedrawEvery{100};
constexpr double kHearEvery =
    0.01;  // seconds for each running trial: a shared disk has other users

}  // namespace

Scheduler::Scheduler(fs::path trials, const RunOptions& options, Executor& executor,
                     ProgressDisplay& display, RunOutcome& outcome)
    : trials_(std::move(trials)),
      options_(options),
      executor_(executor),
      display_(display),
      outcome_(outcome),
      forecast_(options.planned_memory) {}

void Scheduler::keep(const TrialSpec& spec, const TrialRecord& record) {
  ended_[spec.id()] = record.status;
  forecast_.learn(spec, record);
  note_failure(spec, record);
}

void Scheduler::add(const TrialSpec& spec) { waiting_.push_back(&spec); }

void Scheduler::run() {
  const HeldSignals signals;
  const auto is_done = [this] {
    return stopping_ ? !executor_.busy() : slots_.empty() && waiting_.empty();
  };
  while (!is_done()) {
    if (!stopping_) guarded([this] { fill_slots(); });
    if (!stopping_) guarded([this] { start_attempts(); });
    if (signals.arrived(kRedrawEvery)) {
      display_.clear();  // an executor may ask what to do
      outcome_.interrupted = true;
      stopping_ = true;
      executor_.interrupt();
    }
    guarded([this] {
      for (const EndedTrial& ended : executor_.poll()) guarded([&] { take(ended); });
    });
    hear_progress();
    display_.update(progress());
  }
  display_.clear();
  outcome_.detached = executor_.left();
}

void Scheduler::submit_and_leave() {
  guarded([this] {
    fill_slots();
    start_attempts();
    // What ended in jobs of an earlier run, and is worth another attempt, has it now.
    for (const EndedTrial& ended : executor_.poll()) take(ended);
    for (Slot& slot : slots_)
      if (slot.pause) slot.pause = 0;
    start_attempts();
    fill_slots();  // with trials that follow their pretraining
    start_attempts();
  });
  if (stopping_) return;
  executor_.leave();
  outcome_.detached = executor_.left();
  outcome_.waiting = static_cast<int64_t>(waiting_.size());
}

// What the machine does to one trial would meet the others too.
void Scheduler::guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::runtime_error& error) {
    if (outcome_.fault.empty()) outcome_.fault = error.what();
    stop();
  }
}

void Scheduler::stop() {
  stopping_ = true;
  executor_.cancel();
}

// Gives the free slots to the first trials that need not wait here for their pretraining to end.
void Scheduler::fill_slots() {
  for (auto next = waiting_.begin();
       next != waiting_.end() && static_cast<int64_t>(slots_.size()) < executor_.slots();) {
    const TrialSpec& spec = **next;
    if (!spec.pretrained.empty() && !ended_.count(spec.pretrained) &&
        !executor_.can_follow(trials_ / spec.pretrained)) {
      ++next;
      continue;
    }
    if (!has_memory_for(spec)) break;  // its turn comes when a trial has ended
    next = waiting_.erase(next);
    const std::string id = spec.id();
    outcome_.tried.insert(id);
    if (skip_without_pretraining(spec)) continue;
    slots_.push_back({&spec, trials_ / id,
                      Retries(options_.retry, Rng(hash_bytes(id.data(), id.size()), "retry"))});
  }
}

// A trial alone may always run: nobody knows better than it whether it fits.
bool Scheduler::has_memory_for(const TrialSpec& spec) {
  const std::optional<double> memory = executor_.memory();
  if (!memory || slots_.empty()) return true;
  double held = forecast_.of(spec);
  for (const Slot& slot : slots_) held += forecast_.of(*slot.spec);
  return held <= *memory;
}

// A trial that has no weights to start from ends without an attempt.
bool Scheduler::skip_without_pretraining(const TrialSpec& spec) {
  const auto pretraining = ended_.find(spec.pretrained);
  if (pretraining == ended_.end() || pretraining->second == Status::ok) return false;
  const TrialRecord record = record_without_weights(spec, pretraining->second, options_.threads);
  if (record.status != Status::killed) write_record(folder(spec), record);
  finish(spec, record, 0);
  return true;
}

void Scheduler::start_attempts() {
  std::vector<DueTrial> due;
  for (Slot& slot : slots_)
    if (slot.pause && slot.since_pause.seconds() >= *slot.pause) {
      slot.pause.reset();
      slot.retries.begin();
      due.push_back({slot.dir, slot.spec->pretrained});
    }
  if (!due.empty()) executor_.submit(due);
}

void Scheduler::take(const EndedTrial& ended) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const Slot& each) { return each.dir == ended.dir; });
  if (slot == slots_.end() || stopping_) return;
  Attempt attempt = ended.attempt;
  TrialRecord& record = attempt.record;
  const TrialSpec& spec = *slot->spec;
  if (attempt.is_early && !ended_.count(spec.pretrained)) {  // which is tried again
    waiting_.push_front(&spec);
    slots_.erase(slot);
    return;
  }
  if (record.status == Status::killed) count_kill(*slot);
  if (is_worth_another(*slot, attempt)) {
    slot->before = record.message;
    slot->pause = slot->retries.pause().count();
    slot->since_pause.restart();
    return;
  }
  if (!attempt.fault.empty())
    throw std::runtime_error(fmt::format("{}: {}", label(spec), attempt.fault));
  if (record.status != Status::killed) {
    record.attempts = slot->retries.attempts() - slot->kills;
    if (!attempt.recorded) note_settings(record, spec.settings);
    if (!attempt.recorded || record.attempts > 1) write_record(slot->dir, record);
  }
  const double seconds = slot->watch ? slot->watch->seconds() : 0;
  slots_.erase(slot);
  finish(spec, record, seconds);
}

// A trial that is killed again and again, but gets further each time, ends some day.
void Scheduler::count_kill(Slot& slot) {
  ++slot.kills;
  const int64_t reached = read_progress(slot.dir).step;
  if (reached <= slot.furthest) return;
  slot.furthest = reached;
  slot.before.clear();
  slot.kills = 0;
  slot.retries.start_over();
}

bool Scheduler::is_worth_another(const Slot& slot, const Attempt& attempt) const {
  if (slot.retries.are_spent() || attempt.is_last) return false;
  if (!attempt.fault.empty()) return true;  // a disk may have room again
  const Status status = attempt.record.status;
  if (status == Status::timed_out) return false;
  const bool may_differ = !attempt.recorded || status == Status::out_of_memory;
  return may_differ && attempt.record.message != slot.before;
}

void Scheduler::note_failure(const TrialSpec& spec, const TrialRecord& record) {
  if (!is_failure(record.status)) return;
  ++failed_;
  auto& lines = record.status == Status::killed ? outcome_.killed : outcome_.failures;
  lines.push_back(
      fmt::format("{} [{}]", describe(spec, record), (folder(spec) / "log.txt").string()));
}

void Scheduler::finish(const TrialSpec& spec, const TrialRecord& record, double seconds) {
  ended_[spec.id()] = record.status;
  forecast_.learn(spec, record);
  ++finished_;
  finished_seconds_ += seconds;
  last_ = describe(spec, record);
  note_failure(spec, record);
  display_.trial_finished(progress(), is_failure(record.status));
}

// Reads how far the running trials are.
void Scheduler::hear_progress() {
  const auto running = static_cast<double>(slots_.size());
  if (since_heard_.seconds() < running * kHearEvery) return;
  since_heard_.restart();
  for (Slot& slot : slots_) {
    if (slot.pause || !executor_.runs(slot.dir)) continue;
    if (!slot.watch) slot.watch.emplace();
    slot.progress = read_progress(slot.dir);
  }
}

SuiteProgress Scheduler::progress() const {
  SuiteProgress now;
  now.total = outcome_.trials;
  now.kept = outcome_.kept;
  now.finished = finished_;
  now.failed = failed_;
  now.busy_seconds = finished_seconds_;
  now.last = last_;
  for (const Slot& slot : slots_) {
    if (!slot.watch) continue;
    const Progress& trial = slot.progress;
    now.running.push_back(std::clamp(trial.fraction, 0.0, 1.0));
    now.busy_seconds += slot.watch->seconds();
    now.tokens_per_second += trial.tokens_per_second;
    if (finished_ == 0 && trial.step > 0)
      now.last = (trial.accuracy ? fmt::format("{} {:.3f}, ", trial.metric, *trial.accuracy) : "") +
                 fmt::format("loss {:.3f} | {}", trial.loss, label(*slot.spec));
  }
  if (const std::string trouble = executor_.trouble(); !trouble.empty()) now.last = trouble;
  now.jobs = std::max<int64_t>(1, static_cast<int64_t>(now.running.size()));
  return now;
}

}  // namespace longhaul

#include "harness/run/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <thread>

#include "harness/results/machine.h"
#include "harness/results/record.h"
#include "harness/results/store.h"
#include "harness/run/earlier_trials.h"
#include "harness/run/worker.h"
#include "harness/suite/pretraining.h"
#include "support/clock.h"
#include "support/cores.h"
#include "support/exit_status.h"
#include "support/file.h"
#include "support/json.h"
#include "support/process.h"
#include "support/strays.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kRedrawEvery{100};

std::string label(const TrialSpec& spec) {
  const Settings usual;
  std::string name = spec.model_name;
  if (spec.settings.pretrain != usual.pretrain) name += "+" + spec.settings.pretrain;
  if (spec.settings.loss != usual.loss) name += "+" + spec.settings.loss;
  return fmt::format("{}{} on {}, seed {}", spec.is_pretraining ? "pretraining of " : "", name,
                     spec.task_name, spec.seed);
}

// What came of a trial, the numbers first: a narrow terminal cuts off the end.
std::string describe(const TrialSpec& spec, const TrialRecord& record) {
  if (record.status != Status::ok)
    return fmt::format("{} ({}) | {}", to_string(record.status), record.message, label(spec));
  const Evaluation score = record.evaluations.empty() ? Evaluation() : record.evaluations.front();
  if (spec.tuning.is_candidate || spec.is_pretraining)
    return fmt::format("validation {} {:.3f}, loss {:.3f} | {}", record.metric, score.validation,
                       record.train_loss, label(spec));
  std::string diverged;
  for (const Evaluation& test : record.evaluations)
    if (!test.ok())
      diverged += fmt::format("{} at length {}{}{}, ", to_string(test.status), test.length,
                              test.test_set.empty() ? "" : ", " + test.test_set,
                              test.post_hoc.empty() ? "" : ", " + test.post_hoc);
  return fmt::format("{}{} {:.3f}, loss {:.3f} | {}", diverged, record.metric, score.test,
                     record.train_loss, label(spec));
}

class Runner {
 public:
  Runner(const fs::path& out, const RunOptions& options, ProgressDisplay& display)
      : trials_(out / "trials"), options_(options), display_(display) {}

  RunOutcome run(const std::vector<TrialSpec>& specs);

 private:
  struct Running {
    const TrialSpec* spec;
    Stopwatch watch;
    Progress progress = {};  // as its process said last
  };

  fs::path folder(const TrialSpec& spec) const { return trials_ / spec.id(); }
  void sort_out(const std::vector<TrialSpec>& specs);
  const TrialSpec* next_ready();
  void work();
  std::optional<TrialRecord> without_pretraining(const TrialSpec& spec);
  void sign(TrialRecord& record, const TrialSpec& spec) const;
  TrialRecord run_trial(const TrialSpec& spec);
  void note_failure(const TrialSpec& spec, const TrialRecord& record);
  void finish(std::list<Running>::iterator running, const TrialRecord& record);
  void hear_progress();
  SuiteProgress progress() const;
  void tell();

  const fs::path trials_;
  const RunOptions options_;
  ProgressDisplay& display_;  // of the thread that run() is called on: it may wait for its reader
  std::stop_source stop_;

  std::mutex mutex_;  // guards all below
  RunOutcome outcome_;
  std::exception_ptr bug_;  // what no trial should throw
  std::deque<const TrialSpec*> waiting_;
  std::map<std::string, Status> ended_;  // by id, of this run and of earlier ones
  std::condition_variable trial_ended_;
  std::list<Running> running_;
  int64_t jobs_ = 0, jobs_open_ = 0;
  int64_t finished_ = 0, failed_ = 0;
  double finished_seconds_ = 0;
  std::string last_;
  std::vector<std::pair<SuiteProgress, bool>> untold_;  // at each trial's end; whether it failed
};

// Every trial gets its folder and spec.json, so that a reader sees what waits; those without a
// whole record queue up. Two entries of one id are the same trial.
void Runner::sort_out(const std::vector<TrialSpec>& specs) {
  revive(specs, trials_, options_);
  std::set<std::string> seen;
  for (const TrialSpec& spec : specs) {
    const std::string id = spec.id();
    if (!seen.insert(id).second) continue;
    ++outcome_.trials;
    const fs::path dir = trials_ / id;
    fs::create_directories(dir);
    if (const std::optional<TrialRecord> record =
            kept_record(spec, dir, options_, outcome_.damaged)) {
      ++outcome_.kept;
      outcome_.stale += record->build != longhaul_build();
      ended_[id] = record->status;
      note_failure(spec, *record);
    } else {
      fs::remove(dir / "record.json");  // before its spec.json is another's
      write_atomically(dir / "spec.json", json_text(to_json(spec)));
      waiting_.push_back(&spec);
    }
  }
}

RunOutcome Runner::run(const std::vector<TrialSpec>& specs) {
  const std::vector<TrialSpec> ordered = interleaved(with_pretraining(specs));
  sort_out(ordered);
  const int cores = usable_cores();
  const int jobs = options_.jobs > 0 ? options_.jobs : std::max(1, cores / options_.threads);
  jobs_ = jobs_open_ = std::min<int64_t>(jobs, static_cast<int64_t>(waiting_.size()));

  const HeldSignals signals;
  std::vector<std::jthread> threads;
  for (int64_t job = 0; job < jobs_; ++job) threads.emplace_back([this] { work(); });
  const auto at_work = [this] {
    const std::lock_guard lock(mutex_);
    return jobs_open_ > 0;
  };
  while (at_work()) {
    const bool interrupted = signals.arrived(kRedrawEvery);
    hear_progress();
    if (interrupted) {
      const std::lock_guard lock(mutex_);
      outcome_.interrupted = true;
      stop_.request_stop();
    }
    tell();
  }
  threads.clear();
  tell();
  display_.clear();
  if (bug_) std::rethrow_exception(bug_);
  return std::move(outcome_);
}

// Takes the first trial that need not wait for its pretraining to end; null if all others must.
const TrialSpec* Runner::next_ready() {
  const auto ready = std::find_if(waiting_.begin(), waiting_.end(), [&](const TrialSpec* spec) {
    return spec->pretrained.empty() || ended_.count(spec->pretrained);
  });
  if (ready == waiting_.end()) return nullptr;
  const TrialSpec* spec = *ready;
  waiting_.erase(ready);
  return spec;
}

// One job: takes trials until none is left.
void Runner::work() {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty() && !stop_.stop_requested()) {
    const TrialSpec* next = next_ready();
    if (!next) {  // its pretraining runs beside
      trial_ended_.wait_for(lock, kRedrawEvery);
      continue;
    }
    const TrialSpec& spec = *next;
    outcome_.tried.insert(spec.id());
    const auto running = running_.insert(running_.end(), {&spec, Stopwatch()});
    lock.unlock();
    std::string fault;
    TrialRecord record;
    std::exception_ptr bug;
    try {
      record = run_trial(spec);
    } catch (const std::runtime_error& error) {
      fault = fmt::format("{}: {}", label(spec), error.what());
    } catch (...) {
      bug = std::current_exception();
    }
    lock.lock();
    if (bug) {
      bug_ = bug;
      stop_.request_stop();
    }
    if (!fault.empty()) {
      if (outcome_.fault.empty()) outcome_.fault = fault;
      stop_.request_stop();
    }
    if (stop_.stop_requested())
      running_.erase(running);
    else
      finish(running, record);
  }
  --jobs_open_;
}

// What to say of a trial that has no weights to start from; nothing if it has them or needs none.
std::optional<TrialRecord> Runner::without_pretraining(const TrialSpec& spec) {
  if (spec.pretrained.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const Status status = ended_.at(spec.pretrained);
  if (status == Status::ok) return std::nullopt;
  TrialRecord record;
  if (status == Status::killed) record.status = status;
  record.message =
      fmt::format("its pretraining, trial {}, ended as {}", spec.pretrained, to_string(status));
  sign(record, spec);
  return record;
}

// Says in a record that no worker wrote where and by what it was made.
void Runner::sign(TrialRecord& record, const TrialSpec& spec) const {
  record.threads = options_.threads;
  record.learning_rate = spec.settings.learning_rate;
  record.host = host_name();
  record.cpu = cpu_name();
  record.version = longhaul_version();
  record.build = longhaul_build();
}

TrialRecord Runner::run_trial(const TrialSpec& spec) {
  if (const std::optional<TrialRecord> record = without_pretraining(spec)) {
    if (record->status != Status::killed) write_record(folder(spec), *record);
    return *record;
  }
  std::string before;  // the message of the attempt before
  const auto again = [&](const Attempt& attempt) {
    const bool may_differ = !attempt.recorded || attempt.record.status == Status::out_of_memory;
    const bool same = attempt.record.message == before;
    before = attempt.record.message;
    return may_differ && !same && !stop_.stop_requested();
  };
  const auto sleep = [&](std::chrono::duration<double> pause) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop_.get_token(), pause, [] { return false; });
  };
  auto [last, attempts] = retry(
      options_.retry, Rng(hash_bytes(spec.id().data(), spec.id().size()), "retry"),
      [&](int64_t) { return attempt_trial(folder(spec), options_, stop_.get_token()); }, again,
      sleep);
  if (stop_.stop_requested() || last.record.status == Status::killed) return last.record;

  if (!last.recorded) sign(last.record, spec);
  last.record.attempts = attempts;
  if (!last.recorded || attempts > 1) write_record(folder(spec), last.record);
  return last.record;
}

void Runner::note_failure(const TrialSpec& spec, const TrialRecord& record) {
  if (!is_failure(record.status)) return;
  ++failed_;
  auto& lines = record.status == Status::killed ? outcome_.killed : outcome_.failures;
  lines.push_back(
      fmt::format("{} [{}]", describe(spec, record), (folder(spec) / "log.txt").string()));
}

void Runner::finish(std::list<Running>::iterator running, const TrialRecord& record) {
  const TrialSpec& spec = *running->spec;
  ended_[spec.id()] = record.status;
  trial_ended_.notify_all();
  ++finished_;
  finished_seconds_ += running->watch.seconds();
  running_.erase(running);
  last_ = describe(spec, record);
  note_failure(spec, record);
  untold_.emplace_back(progress(), is_failure(record.status));
}

// Shows what is new. Nothing is printed under the lock, so that no trial waits for a slow terminal.
void Runner::tell() {
  std::unique_lock lock(mutex_);
  const std::vector<std::pair<SuiteProgress, bool>> ends = std::move(untold_);
  untold_.clear();
  const SuiteProgress now = progress();
  lock.unlock();
  for (const auto& [then, failed] : ends) display_.trial_finished(then, failed);
  display_.update(now);
}

// Reads how far the running trials are. A disk may be slow, so nobody waits for it: not even for
// the lock.
void Runner::hear_progress() {
  std::vector<const TrialSpec*> specs;
  {
    const std::lock_guard lock(mutex_);
    for (const Running& running : running_) specs.push_back(running.spec);
  }
  std::map<const TrialSpec*, Progress> heard;
  for (const TrialSpec* spec : specs) heard[spec] = read_progress(folder(*spec));
  const std::lock_guard lock(mutex_);
  for (Running& running : running_)
    if (const auto found = heard.find(running.spec); found != heard.end())
      running.progress = found->second;
}

SuiteProgress Runner::progress() const {
  SuiteProgress now;
  now.total = outcome_.trials;
  now.kept = outcome_.kept;
  now.finished = finished_;
  now.failed = failed_;
  now.jobs = jobs_;
  now.busy_seconds = finished_seconds_;
  now.last = last_;
  for (const Running& running : running_) {
    const Progress& trial = running.progress;
    now.running.push_back(std::clamp(trial.fraction, 0.0, 1.0));
    now.busy_seconds += running.watch.seconds();
    now.tokens_per_second += trial.tokens_per_second;
    if (finished_ == 0 && trial.step > 0)
      now.last = fmt::format("accuracy {:.3f}, loss {:.3f} | {}", trial.accuracy, trial.loss,
                             label(*running.spec));
  }
  return now;
}

}  // namespace

int exit_status(const RunOutcome& outcome) {
  if (!outcome.fault.empty()) return kEnvironmentFault;
  if (outcome.interrupted) return kInterrupted;
  return outcome.failures.empty() && outcome.killed.empty() ? 0 : kSomeFailed;
}

std::vector<TrialSpec> interleaved(const std::vector<TrialSpec>& specs) {
  std::map<std::string, int64_t> seen;
  std::vector<int64_t> round;  // how many trials of the same model come before
  round.reserve(specs.size());
  for (const TrialSpec& spec : specs) round.push_back(seen[spec.model_name]++);
  std::vector<std::size_t> order(specs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return round[a] < round[b]; });
  std::vector<TrialSpec> result;
  result.reserve(specs.size());
  for (std::size_t index : order) result.push_back(specs[index]);
  return result;
}

RunOutcome run_trials(const std::string& suite_yaml, const std::vector<TrialSpec>& specs,
                      const fs::path& out, const RunOptions& options, ProgressDisplay& display) {
  fs::create_directories(out);
  const FolderLock lock(out);
  remove_strays(out);
  write_atomically(out / "suite.yaml", suite_yaml);
  write_order(out, specs);
  return Runner(out, options, display).run(specs);
}

}  // namespace longhaul

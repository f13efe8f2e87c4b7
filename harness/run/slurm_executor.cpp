#include "harness/run/slurm_executor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "harness/results/machine.h"
#include "longhaul/error.h"
#include "support/json.h"
#include "support/say.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr std::ptrdiff_t kLargestArray = 1000;  // MaxArraySize, unless a cluster says otherwise
constexpr double kReadEvery = 0.5;              // seconds; of the shared folder
constexpr double kAskEvery = 5;                 // of Slurm's controller, which serves others too
constexpr double kAskAgainEvery = 1;            // while a task seems to be lost
// The word of a task that ended may come late over a shared folder.
constexpr int kLostAfter = 3;  // answers of squeue

bool holds(const std::string& words, const std::string& part) {
  return words.find(part) != std::string::npos;
}

}  // namespace

SlurmExecutor::SlurmExecutor(const fs::path& out, const RunOptions& options)
    : out_(fs::absolute(out)), options_(options) {
  leave_out_slurm_filters();
  for (SlurmBatch& files : slurm_batches_in(out_)) {
    const std::size_t count = files.trials.size();
    Batch& batch = batches_.emplace_back(Batch{std::move(files), std::vector<Task>(count), true});
    for (std::size_t task = 0; task < count; ++task)
      batch.tasks[task].is_done = fs::exists(batch.files.trial_folder(task) / "record.json");
  }
}

SlurmExecutor::~SlurmExecutor() {
  std::error_code stays;
  for (const Batch& batch : batches_)
    if (std::all_of(batch.tasks.begin(), batch.tasks.end(),
                    [](const Task& task) { return task.is_done; }))
      fs::remove_all(batch.files.folder, stays);
  fs::remove(out_ / "slurm", stays);  // if it is empty
}

bool SlurmExecutor::can_follow(const fs::path& pretraining) const {
  const auto at = wanted_.find(pretraining.filename().string());
  return at != wanted_.end() && !at->second.batch->files.job.empty();
}

int64_t SlurmExecutor::throttle() const {
  return options_.jobs > 0 ? options_.jobs : options_.engine.throttle;
}

// An array for the trials of each pretraining, which starts when that has ended. A limit on how
// many run at once holds within an array, so with one there is one array, which starts when all
// pretrainings have ended.
void SlurmExecutor::submit(const std::vector<DueTrial>& trials) {
  std::map<std::string, std::vector<fs::path>> arrays;
  for (const auto& [trial, pretraining] : trials) {
    pretrainings_[trial.filename().string()] = pretraining;
    if (take_over(trial)) continue;
    const std::string waits_for = throttle() > 0 ? "any" : pretraining;
    arrays[wanted_.count(pretraining) > 0 ? waits_for : ""].push_back(trial);
  }
  for (const auto& [waits_for, array] : arrays)
    for (auto from = array.begin(); from < array.end();) {
      const auto to = from + std::min(kLargestArray, array.end() - from);
      submit_new({from, to});
      from = to;
    }
}

void SlurmExecutor::submit_new(const std::vector<fs::path>& trials) {
  std::vector<std::string> ids;
  for (const fs::path& trial : trials) {
    clear_for_attempt(trial);
    ids.push_back(trial.filename().string());
  }
  RunOptions options = options_;
  if (options.engine.cpus > 0) options.threads = static_cast<int>(options.engine.cpus);
  Batch& batch = batches_.emplace_back(
      Batch{new_slurm_batch(out_, ids, options), std::vector<Task>(ids.size()), false});
  for (std::size_t task = 0; task < ids.size(); ++task)
    wanted_[ids[task]] = {&batch, task, trials[task]};
  submit_batch(batch);
}

// The pretrainings that these trials need and that have not ended: one as a task of its job,
// several as the jobs that they belong to.
std::string SlurmExecutor::jobs_before(const Batch& batch,
                                       const std::vector<std::size_t>& tasks) const {
  std::set<std::string> before, jobs;
  for (const std::size_t task : tasks) {
    const auto at = wanted_.find(pretrainings_.at(batch.files.trials[task]));
    if (at == wanted_.end() || at->second.batch->files.job.empty()) continue;
    jobs.insert(at->second.batch->files.job);
    before.insert(fmt::format("{}_{}", at->second.batch->files.job, at->second.task));
  }
  return fmt::format("{}", fmt::join(before.size() == 1 ? before : jobs, ":"));
}

// Whether an earlier run's job has the trial. Of several the last one counts.
bool SlurmExecutor::take_over(const fs::path& trial) {
  const std::string id = trial.filename().string();
  bool is_taken = false;
  for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch)
    for (std::size_t task = 0; task < batch->tasks.size(); ++task) {
      if (batch->files.trials[task] != id || batch->tasks[task].is_done) continue;
      // A record that it has left, and that is gone, was taken back to do the trial anew.
      const bool is_over =
          is_taken || (fs::exists(batch->files.end_file(task)) &&
                       read_json_file(batch->files.end_file(task), attempt_from_json).recorded);
      batch->tasks[task].is_done = is_over;
      if (is_over) continue;
      wanted_[id] = {&*batch, task, trial};
      is_taken = true;
    }
  return is_taken;
}

// Hands a batch to Slurm, or puts that off while Slurm is away: hear() does it then.
void SlurmExecutor::submit_batch(Batch& batch) {
  std::vector<std::size_t> tasks;
  for (std::size_t task = 0; task < batch.tasks.size(); ++task)
    if (wanted_.count(batch.files.trials[task])) tasks.push_back(task);
  if (tasks.empty()) return;
  try {
    batch.files.job = sbatch(batch.files, tasks, options_.engine, throttle(),
                             jobs_before(batch, tasks), fs::canonical(options_.worker));
    batch.files.store();
  } catch (const SlurmAway& away) {
    if (options_.detach) throw;
    trouble_ = away.what();
  }
}

std::vector<EndedTrial> SlurmExecutor::poll() {
  std::vector<EndedTrial> ended;
  if (is_left_) return ended;
  read_ends(ended);
  ask_slurm(ended);
  return ended;
}

SlurmExecutor::Wanted::iterator SlurmExecutor::end(Wanted::iterator at, Attempt attempt,
                                                   std::vector<EndedTrial>& ended) {
  at->second.state().is_done = true;
  ended.push_back({at->second.dir, std::move(attempt)});
  return wanted_.erase(at);
}

// What the nodes have written. One listing a batch: it also renews what a shared folder keeps.
void SlurmExecutor::read_ends(std::vector<EndedTrial>& ended) {
  if (since_read_ && since_read_->seconds() < kReadEvery) return;
  since_read_.emplace();
  std::set<fs::path> there;
  for (const Batch& batch : batches_)
    for (const fs::directory_entry& entry : fs::directory_iterator(batch.files.folder))
      if (entry.path().extension() == ".json") there.insert(entry.path());
  for (auto at = wanted_.begin(); at != wanted_.end();) {
    const fs::path file = at->second.batch->files.end_file(at->second.task);
    at = there.count(file) ? end(at, read_json_file(file, attempt_from_json), ended) : ++at;
  }
}

// Starts a squeue now and then and hears what the last one said. It may take long to find out that
// Slurm is away, so nobody waits for it.
void SlurmExecutor::ask_slurm(std::vector<EndedTrial>& ended) {
  if (squeue_) {
    const std::optional<CommandOutput> said = squeue_->poll();
    if (!said) return;
    squeue_.reset();
    since_asked_.emplace();
    trouble_ = said->ok() ? "" : "squeue: " + said->errors.substr(0, said->errors.find('\n'));
    if (said->ok()) hear(read_squeue(said->out), ended);
    return;
  }
  const bool is_missing = std::any_of(wanted_.begin(), wanted_.end(), [](const auto& each) {
    return each.second.state().lost > 0;
  });
  if (since_asked_ && since_asked_->seconds() < (is_missing ? kAskAgainEvery : kAskEvery)) return;
  std::vector<std::string> names;
  for (Batch& batch : batches_) {
    batch.is_asked = std::any_of(batch.tasks.begin(), batch.tasks.end(),
                                 [](const Task& task) { return !task.is_done; });
    if (batch.is_asked) names.push_back(batch.files.name());
  }
  if (!names.empty()) squeue_ = std::make_unique<SystemCommand>(squeue_words(names));
}

void SlurmExecutor::hear(const SlurmStates& states, std::vector<EndedTrial>& ended) {
  for (Batch& batch : batches_) {
    if (!batch.is_asked) continue;
    std::string job;
    for (std::size_t task = 0; task < batch.tasks.size(); ++task) {
      const auto found = states.find({batch.files.name(), task});
      Task& of = batch.tasks[task];
      of.state = found == states.end() ? "" : found->second.state;
      of.was_live = of.was_live || is_live(of.state);
      of.lost = is_live(of.state) ? 0 : of.lost + 1;
      if (found != states.end()) job = found->second.job;
      if (of.lost > 0 && !wanted_.count(batch.files.trials[task])) of.is_done = true;
    }
    if (!batch.files.job.empty()) continue;
    // A runner ended, or Slurm was away, before the number of the job was stored.
    batch.files.job = job;
    if (job.empty())
      submit_batch(batch);
    else
      batch.files.store();
    for (Task& task : batch.tasks) task.lost = 0;
  }
  for (auto at = wanted_.begin(); at != wanted_.end();)
    at = at->second.state().lost < kLostAfter ? ++at : end(at, attempt_of_lost(at->second), ended);
}

// What to say of a task that Slurm ended, so that it could not write how.
Attempt SlurmExecutor::attempt_of_lost(const Place& place) const {
  const SlurmBatch& files = place.batch->files;
  const std::string state = place.state().state;
  const std::string words = last_line(files.log_file(place.task), 0);
  const auto because = [&](Status status, const std::string& reason) {
    Attempt attempt = lost_attempt(status, words.empty() ? reason : reason + ": " + words);
    sign(attempt.record, files.options.threads);
    attempt.record.host = attempt.record.cpu = "";  // of a node, and not known
    return attempt;
  };
  if (state == "TIMEOUT" || state == "DEADLINE" || holds(words, "DUE TO TIME LIMIT"))
    return because(Status::timed_out, "reached the time limit of its Slurm job");
  if (state == "OUT_OF_MEMORY" || holds(words, "memory limit") || holds(words, "oom"))
    return because(Status::out_of_memory, "reached the memory limit of its Slurm job");
  if (state == "FAILED" && !words.empty() && !holds(words, "CANCELLED")) {
    Attempt attempt;
    attempt.fault =
        fmt::format("task {} of Slurm's job {} failed: {}", place.task, files.job, words);
    return attempt;
  }
  Attempt attempt = because(
      Status::killed, state == "CANCELLED" ? "its Slurm job was cancelled" : "its Slurm job ended");
  attempt.is_last = state == "CANCELLED" && (!place.batch->is_earlier || place.state().was_live);
  return attempt;
}

bool SlurmExecutor::runs(const fs::path& trial) const {
  const auto at = wanted_.find(trial.filename().string());
  return at != wanted_.end() && at->second.state().state == "RUNNING";
}

void SlurmExecutor::cancel() {
  if (is_left_) return;
  is_left_ = true;
  std::set<std::string> jobs;
  for (const auto& [trial, place] : wanted_)
    if (place.batch->files.job.empty())
      place.state().is_done = true;
    else
      jobs.insert(place.batch->files.job);
  if (jobs.empty()) return;
  const std::vector<std::string> list(jobs.begin(), jobs.end());
  try {
    scancel(list);
  } catch (const std::runtime_error& error) {
    left_ = static_cast<int64_t>(wanted_.size());
    say("The jobs go on, for scancel says: {}\nTo cancel them: scancel {}\n", error.what(),
        fmt::join(list, " "));
  }
}

void SlurmExecutor::interrupt() {
  if (options_.may_leave && options_.may_leave(wanted_.size()))
    leave();
  else
    cancel();
}

void SlurmExecutor::leave() {
  is_left_ = true;
  left_ = static_cast<int64_t>(wanted_.size());
}

void put_away_slurm_jobs(const fs::path& out) {
  std::vector<std::string> names;
  for (const SlurmBatch& batch : slurm_batches_in(fs::absolute(out))) names.push_back(batch.name());
  if (!names.empty()) {
    const CommandOutput said = run_command(squeue_words(names));
    require(said.ok(), out.string(),
            ": jobs of Slurm may work here, and squeue says: ", said.errors);
    for (const auto& [task, state] : read_squeue(said.out))
      require(!is_live(state.state), out.string(), ": Slurm's job ", state.job,
              " works here; go on with --engine slurm, or end it: scancel ", state.job);
  }
  fs::remove_all(out / "slurm");
}

}  // namespace longhaul

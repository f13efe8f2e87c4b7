#include "harness/run/slurm_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "support/number_text.h"

namespace longhaul {
namespace {

// Seconds before the time limit at which a trial is told to store where it is.
constexpr int kWarning = 60;
// Slurm counts limits in minutes and may warn a minute early: of a short job that is all.
constexpr int64_t kShortest = 3;

// A path as sbatch's --output takes it, where %j and such stand for something.
std::string without_patterns(const std::filesystem::path& path) {
  std::string escaped;
  for (const char c : path.string()) escaped += c == '%' ? "%%" : std::string(1, c);
  return escaped;
}

std::string last_line_of(const std::string& words) {
  std::string last;
  std::istringstream in(words);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) last = line;
  return last;
}

}  // namespace

void leave_out_slurm_filters() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view assignment = *entry;
    names.emplace_back(assignment.substr(0, assignment.find('=')));
  }
  for (const std::string& name : names)
    if (name.starts_with("SQUEUE_") || name.starts_with("SCANCEL_") || name == "SBATCH_WAIT")
      unsetenv(name.c_str());
}

bool is_away(const std::string& words) {
  const char* const signs[] = {"Unable to contact slurm controller",
                               "Socket timed out",
                               "Connection refused",
                               "Connection timed out",
                               "Zero Bytes were transmitted",
                               "Transport endpoint"};
  return std::any_of(std::begin(signs), std::end(signs),
                     [&](const char* sign) { return words.find(sign) != std::string::npos; });
}

std::vector<std::string> sbatch_words(const SlurmBatch& batch,
                                      const std::vector<std::size_t>& tasks, const Engine& engine,
                                      int64_t throttle, const std::string& after,
                                      const std::filesystem::path& worker) {
  std::string array = fmt::format("{}", fmt::join(tasks, ","));
  if (tasks.size() == tasks.back() - tasks.front() + 1)
    array = fmt::format("{}-{}", tasks.front(), tasks.back());
  if (throttle > 0) array += fmt::format("%{}", throttle);
  std::vector<std::string> words = {
      "sbatch",
      "--parsable",
      "--job-name=" + batch.name(),
      "--array=" + array,
      "--requeue",
      "--nodes=1",
      "--ntasks=1",
      fmt::format("--cpus-per-task={}", batch.options.threads),
      "--chdir=" + batch.folder.string(),
      "--output=" + without_patterns(batch.folder) + "/%a.log",
      "--open-mode=append",
  };
  // However they end: the worker sees whether there are weights.
  if (!after.empty()) words.push_back("--dependency=afterany:" + after);
  const int64_t minutes = slurm_minutes(engine.time);
  if (minutes == 0 || minutes >= kShortest)
    words.push_back(fmt::format("--signal=B:USR1@{}", kWarning));
  const std::pair<const char*, const std::string&> given[] = {{"--partition=", engine.partition},
                                                              {"--time=", engine.time},
                                                              {"--mem=", engine.memory},
                                                              {"--account=", engine.account}};
  for (const auto& [option, value] : given)
    if (!value.empty()) words.push_back(option + value);
  words.insert(words.end(), engine.extra.begin(), engine.extra.end());
  words.insert(words.end(),
               {(batch.folder / "task.sh").string(), worker.string(), batch.folder.string()});
  return words;
}

std::string sbatch(const SlurmBatch& batch, const std::vector<std::size_t>& tasks,
                   const Engine& engine, int64_t throttle, const std::string& after,
                   const std::filesystem::path& worker) {
  const CommandOutput said =
      run_command(sbatch_words(batch, tasks, engine, throttle, after, worker));
  if (said.ok()) return said.out.substr(0, said.out.find_first_of(";\n"));  // "12" or "12;cluster"
  const std::string words = last_line_of(said.errors);
  if (is_away(said.errors)) throw SlurmAway(words);
  throw std::runtime_error("Slurm does not take the trials: " + words);
}

std::vector<std::string> squeue_words(const std::vector<std::string>& batch_names) {
  return {"squeue",
          "--noheader",
          "--array",
          "--states=all",
          fmt::format("--name={}", fmt::join(batch_names, ",")),
          "--format=%j|%K|%F|%T"};
}

SlurmStates read_squeue(const std::string& output) {
  SlurmStates states;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) {
    std::istringstream cells(line);
    std::string name, task, job, state;
    std::getline(cells, name, '|');
    std::getline(cells, task, '|');
    std::getline(cells, job, '|');
    std::getline(cells, state, '|');
    std::size_t number = 0;
    if (read_number(task, number) && !state.empty()) states[{name, number}] = {job, state};
  }
  return states;
}

bool is_live(const std::string& state) {
  const char* const ended[] = {"BOOT_FAIL", "CANCELLED",     "COMPLETED", "DEADLINE",
                               "FAILED",    "NODE_FAIL",     "PREEMPTED", "REVOKED",
                               "TIMEOUT",   "OUT_OF_MEMORY", ""};
  return std::find(std::begin(ended), std::end(ended), state) == std::end(ended);
}

void scancel(const std::vector<std::string>& jobs) {
  std::vector<std::string> words = {"scancel"};
  words.insert(words.end(), jobs.begin(), jobs.end());
  const CommandOutput said = run_command(words);
  if (!said.ok()) throw std::runtime_error(last_line_of(said.errors));
}

}  // namespace longhaul

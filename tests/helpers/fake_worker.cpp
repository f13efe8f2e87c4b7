// Stands in for `longhaul trial` in the runner's tests. What it does is the spec's model name:
//
//   succeed             a record with status ok
//   learn               a record with numbers made of the task's name and the seed
//   learn_or_diverge    the same, but for odd seeds a record with status diverged
//   diverge             a record with status diverged
//   crash               SIGSEGV, every time
//   crash_once          SIGSEGV the first time, then succeed
//   complain            exit status 1 with the same message every time
//   complain_anew       exit status 1 with another message every time
//   shout               exit status 1 with a message of 3 MB
//   bad_alloc           std::bad_alloc that nobody catches
//   killed_twice        SIGKILL the first two times, then succeed
//   pretraining_killed_twice   likewise, if it is a pretraining; else succeed
//   out_of_memory       SIGKILL, counted in proc/vmstat of the results folder as one for lack of
//                       memory
//   killed_once         SIGKILL the first time, then succeed
//   environment_fault   reports a fault of the machine
//   environment_fault_once   likewise the first time, then succeed
//   exit_3              exit status 3 without one, as a plugin may
//   complain_once       exit status 1 the first two times, then succeed
//   pretraining_complains_once   likewise, if it is a pretraining; else succeed
//   hang                writes its process number to pid.txt and never ends
//   wait_for_gate       writes its process number to pid.txt, succeeds once gate_is_open stands
//                       beside the trials' folders
//   meet                succeed once another trial runs beside it; exit status 1 if none comes
//   alone               succeed; exit status 1 if another trial runs beside it

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/results/record.h"
#include "harness/results/store.h"
#include "harness/settings/trial_spec.h"
#include "support/file.h"
#include "support/process.h"

namespace {
using namespace longhaul;
namespace fs = std::filesystem;

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

[[noreturn]] void die(int signal) {
  std::signal(signal, SIG_DFL);  // a sanitizer may have taken it
  std::raise(signal);
  std::abort();
}

int complain(const std::string& message) {
  std::cerr << message << std::endl;
  return 1;
}

// How many times this trial has been started.
int count_start(const fs::path& dir) {
  std::ofstream(dir / "starts.txt", std::ios::app) << "x";
  return static_cast<int>(fs::file_size(dir / "starts.txt"));
}

// Exact in binary, so that no sum or mean of them is rounded.
void learn(const TrialSpec& spec, TrialRecord& record) {
  const auto letters = static_cast<int64_t>(spec.task_name.size());
  const double score = 0.5 + 0.125 * static_cast<double>(letters % 4) +
                       0.0625 * static_cast<double>(spec.seed) +
                       (spec.model == "lru" ? 0.03125 : 0);
  record.evaluations = {{.test = score,
                         .validation = score - 0.015625,
                         .baselines = {.chance = 0.25, .majority = 0.375, .shallow = 0.5},
                         .calibration_error = 0.125}};
  record.train_loss = 1 - score;
  record.steps = record.selected_step = spec.budget.steps;
  record.tokens_seen = 1024 * record.steps;
  record.parameters = 1000 + letters;
  record.flops_per_token = 250000;
  record.state_bytes = 4096;
  record.learning_rate = spec.settings.learning_rate;
}

bool meet(const fs::path& dir) {
  std::ofstream(dir / "here").put('x');
  for (int tries = 0; tries < 500; ++tries, sleep_ms(10))
    for (const fs::directory_entry& other : fs::directory_iterator(dir.parent_path()))
      if (other.path() != dir && fs::exists(other.path() / "here")) return true;
  return false;
}

}  // namespace

// fake_worker trial SPEC.json --out DIR --threads N --checkpoint-seconds N --memory N
int main(int argc, char** argv) {
  if (argc != 11 || std::string(argv[1]) != "trial") return 2;
  const fs::path dir = argv[4];
  std::ifstream in(argv[2]);
  const TrialSpec spec = trial_from_json(nlohmann::json::parse(in));
  const std::string& order = spec.model_name;
  const int start = count_start(dir);

  TrialRecord record;
  record.status = Status::ok;
  record.evaluations = {{0, 0.5, 0.5}};
  record.train_loss = 0.25;
  record.threads = std::stoi(argv[6]);
  if (order == "diverge" || (order == "learn_or_diverge" && spec.seed % 2))
    record.status = Status::diverged;
  else if (order.starts_with("learn"))
    learn(spec, record);
  if (order == "crash" || (order == "crash_once" && start == 1)) die(SIGSEGV);
  if (order == "complain") return complain("something is wrong");
  if (order == "complain_anew")
    return complain("wrong for the time number " + std::to_string(start));
  if (order == "shout") return complain(std::string(3'000'000, 'x') + "the end");
  if (order == "bad_alloc") throw std::bad_alloc();
  if (order == "killed_twice" && start <= 2) die(SIGKILL);
  if (order == "pretraining_killed_twice" && spec.is_pretraining && start <= 2) die(SIGKILL);
  if (order == "out_of_memory") {
    const fs::path system = dir.parent_path().parent_path();
    write_atomically(system / "proc" / "vmstat", "oom_kill " + std::to_string(start) + "\n");
    die(SIGKILL);
  }
  if (order == "killed_once" && start == 1) die(SIGKILL);
  if (order == "environment_fault" || (order == "environment_fault_once" && start == 1)) {
    report_machine_fault("No space left on device");
    return 3;
  }
  if (order == "exit_3") return 3;
  const bool complains_once =
      order == "complain_once" || (order == "pretraining_complains_once" && spec.is_pretraining);
  if (complains_once && start <= 2) return complain("something is wrong");
  if (order == "hang" || order == "wait_for_gate") {
    write_atomically(dir / "pid.txt", std::to_string(getpid()));
    while (order == "hang" || !fs::exists(dir.parent_path() / "gate_is_open")) sleep_ms(10);
  }
  if (order == "meet" && !meet(dir)) return complain("nobody came");
  if (order == "alone") {
    const fs::path taken = dir.parent_path() / "taken";
    const int descriptor = open(taken.c_str(), O_CREAT | O_EXCL, 0644);
    if (descriptor < 0) return complain("somebody is here");
    sleep_ms(20);
    fs::remove(taken);
  }
  write_atomically(dir / "record.json", to_json(record).dump());
  return 0;
}


#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/results/machine.h"
#include "harness/results/record.h"
#include "harness/results/store.h"
#include "harness/run/interleave.h"
#include "harness/run/runner.h"
#include "harness/suite/pretraining.h"
#include "longhaul/error.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/full_pipe.h"
#include "tests/helpers/wait.h"

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

// A trial whose worker (tests/helpers/fake_worker.cpp) does what `order` says.
TrialSpec trial(const std::string& order, uint64_t seed = 0) {
  TrialSpec spec;
  spec.suite = "test";
  spec.model_name = spec.model = order;
  spec.task_name = spec.task = "task";
  spec.seed = seed;
  return spec;
}

std::vector<TrialSpec> trials(const std::string& order, uint64_t count) {
  std::vector<TrialSpec> specs;
  for (uint64_t seed = 0; seed < count; ++seed) specs.push_back(trial(order, seed));
  return specs;
}

struct Bench {
  TemporaryFolder folder;
  RunOptions options{1, 1, {3, std::chrono::milliseconds(1)}, LONGHAUL_FAKE_WORKER};

  RunOutcome run(const std::vector<TrialSpec>& specs) const {
    std::FILE* null = std::fopen("/dev/null", "w");
    ProgressDisplay display(null);
    const RunOutcome outcome = run_trials("suite: test\n", specs, folder.path, options, display);
    std::fclose(null);
    return outcome;
  }

  // Runs in a process of its own that does what a test process must not: be killed.
  pid_t run_apart(const std::vector<TrialSpec>& specs) const {
    const pid_t child = fork();
    if (child == 0) _exit(run(specs).interrupted ? 130 : 0);
    return child;
  }

  fs::path dir(const TrialSpec& spec) const { return folder.path / "trials" / spec.id(); }

  TrialRecord record(const TrialSpec& spec) const {
    return record_from_json(nlohmann::json::parse(read_text(dir(spec) / "record.json")));
  }

  // How often the worker was started.
  std::size_t starts(const TrialSpec& spec) const {
    return read_text(dir(spec) / "starts.txt").size();
  }
};

}  // namespace

TEST_CASE("runner: what killed writers left is removed at the next start", "[runner]") {
  const Bench bench;
  const TrialSpec spec = trial("succeed");
  bench.run({spec});
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  const fs::path stray = bench.dir(spec) / ("checkpoint.safetensors.tmp" + std::to_string(gone)),
                 at_work = bench.folder.path / ("report.html.tmp" + std::to_string(getpid())),
                 other = bench.folder.path / "notes.tmp1x";
  for (const fs::path& file : {stray, at_work, other}) std::ofstream(file) << "half";
  bench.run({spec});
  CHECK_FALSE(fs::exists(stray));
  CHECK(fs::exists(at_work));
  CHECK(fs::exists(other));
}

TEST_CASE("runner: a log line of megabytes becomes a short message with its end", "[runner]") {
  const Bench bench;
  const TrialSpec spec = trial("shout");
  CHECK(bench.run({spec}).failures.at(0).size() < 10'000);
  CHECK(bench.record(spec).message.size() < 5'000);
  CHECK_THAT(bench.record(spec).message, Catch::Matchers::Contains("xthe end"));
  CHECK_THAT(bench.record(spec).message, Catch::Matchers::Contains("(its beginning is cut off)"));
}

TEST_CASE("runner: a trial whose files are not what its record says runs again", "[runner]") {
  const Bench bench;
  const TrialSpec spec = trial("succeed"), other = trial("succeed", 1);
  bench.run({spec, other});
  std::ofstream(bench.dir(spec) / "curve.csv") << "step,split,metric,value\n";
  write_record(bench.dir(spec), bench.record(spec));  // as a trial with a curve leaves it
  CHECK(bench.run({spec, other}).damaged.empty());

  std::ofstream(bench.dir(spec) / "curve.csv") << "step,split";
  const RunOutcome outcome = bench.run({spec, other});
  REQUIRE(outcome.damaged.size() == 1);
  CHECK(outcome.damaged[0] == (bench.dir(spec) / "curve.csv").string() +
                                  ": damaged: it has 10 bytes, its record says 24; its trial runs "
                                  "again");
  CHECK(outcome.kept == 1);
  CHECK(bench.starts(spec) == 2);
  CHECK(bench.starts(other) == 1);
  CHECK_FALSE(fs::exists(bench.dir(spec) / "curve.csv"));  // the attempt before left it
}

TEST_CASE("runner: each trial leaves its spec and its record in a folder of its own", "[runner]") {
  Bench bench;
  bench.options.threads = 3;
  const auto specs = trials("succeed", 2);
  const RunOutcome outcome = bench.run(specs);
  CHECK(outcome.trials == 2);
  CHECK(outcome.kept == 0);
  CHECK(outcome.failures.empty());
  CHECK(read_text(bench.folder.path / "suite.yaml") == "suite: test\n");
  for (const TrialSpec& spec : specs) {
    CHECK(bench.record(spec).status == Status::ok);
    CHECK(bench.record(spec).attempts == 1);
    CHECK(bench.record(spec).threads == 3);
    const auto stored = nlohmann::json::parse(read_text(bench.dir(spec) / "spec.json"));
    CHECK(trial_from_json(stored).id() == spec.id());
  }
}

TEST_CASE("runner: what another build found is kept and counted, or found again if asked to",
          "[runner]") {
  Bench bench;
  const TrialSpec spec = trial("ok");
  bench.run({spec});
  TrialRecord record = bench.record(spec);
  record.build = longhaul_build();
  write_record(bench.dir(spec), record);
  CHECK(bench.run({spec}).stale == 0);
  bench.options.rerun_stale = true;
  CHECK(bench.run({spec}).kept == 1);

  record.build = "0123456789abcdef";
  write_record(bench.dir(spec), record);
  bench.options.rerun_stale = false;
  const RunOutcome kept = bench.run({spec});
  CHECK(kept.kept == 1);
  CHECK(kept.stale == 1);
  bench.options.rerun_stale = true;
  CHECK(bench.run({spec}).kept == 0);
  CHECK(bench.starts(spec) == 2);
}

TEST_CASE("runner: an option that is new, or gone since, re-runs no finished trial", "[runner]") {
  const Bench bench;
  const TrialSpec before = trial("ok");
  bench.run({before});
  TrialSpec newer = before;
  newer.model_options["gate"] = newer.model_defaults["gate"] = false;
  newer.task_options["noise"] = newer.task_defaults["noise"] = 0.0;
  CHECK(bench.run({newer}).kept == 1);
  CHECK(bench.run({before}).kept == 1);
  CHECK(bench.starts(before) == 1);
}

TEST_CASE("runner: what it records itself is of this build", "[runner]") {
  const Bench bench;
  TrialSpec spec = trial("complain");
  spec.budget.steps = 4;
  spec.settings.pretrain = "causal";
  plan_pretraining(spec);
  bench.run({spec});
  CHECK_THAT(bench.record(spec).message, Catch::Matchers::Contains("its pretraining"));
  CHECK(bench.record(spec).build == longhaul_build());
  CHECK(bench.run({spec}).stale == 0);
}

TEST_CASE("runner: a folder of another trial of that id is not taken for its own", "[runner]") {
  const Bench bench;
  TrialSpec spec = trial("ok");
  spec.model_options["depth"] = spec.model_defaults["depth"] = int64_t{2};
  bench.run({spec});
  CHECK(bench.run({spec}).kept == 1);
  TrialSpec changed = spec;
  changed.model_options["depth"] = changed.model_defaults["depth"] = int64_t{3};
  REQUIRE(changed.id() == spec.id());
  CHECK(bench.run({changed}).kept == 0);
  CHECK(bench.starts(spec) == 2);
}

TEST_CASE("runner: finished trials are kept, new ones are added", "[runner]") {
  Bench bench;
  bench.run(trials("succeed", 2));
  const RunOutcome outcome = bench.run(trials("succeed", 3));
  CHECK(outcome.trials == 3);
  CHECK(outcome.kept == 2);
  for (const TrialSpec& spec : trials("succeed", 3)) CHECK(bench.starts(spec) == 1);
}

TEST_CASE("runner: a record that is cut short does not count as finished", "[runner]") {
  Bench bench;
  const TrialSpec spec = trial("succeed");
  bench.run({spec});
  std::ofstream(bench.dir(spec) / "record.json") << "{\"status\": \"o";
  CHECK(bench.run({spec}).kept == 0);
  CHECK(bench.record(spec).status == Status::ok);
}

TEST_CASE("runner: a crash costs one attempt", "[runner]") {
  const Bench bench;
  const auto outcome = bench.run({trial("crash_once"), trial("succeed")});
  CHECK(outcome.failures.empty());
  CHECK(bench.record(trial("crash_once")).status == Status::ok);
  CHECK(bench.record(trial("crash_once")).attempts == 2);
}

TEST_CASE("runner: the same crash twice is not tried again, and is a row", "[runner]") {
  const Bench bench;
  const auto outcome = bench.run({trial("crash"), trial("complain"), trial("succeed")});
  CHECK(outcome.failures.size() == 2);
  CHECK(bench.starts(trial("crash")) == 2);
  CHECK(bench.record(trial("crash")).status == Status::failed);
  CHECK(bench.record(trial("crash")).message == "killed by SIGSEGV");
  CHECK(bench.record(trial("crash")).attempts == 2);
  CHECK_FALSE(bench.record(trial("crash")).version.empty());
  CHECK(bench.starts(trial("complain")) == 2);
  CHECK(bench.record(trial("complain")).message == "exit status 1: something is wrong");
  CHECK(bench.record(trial("succeed")).status == Status::ok);
  CHECK(bench.run({trial("crash")}).failures.size() == 1);  // a kept failure is still one
}

TEST_CASE("runner: a crash that differs each time is tried as often as the policy allows",
          "[runner]") {
  const Bench bench;
  bench.run({trial("complain_anew")});
  CHECK(bench.starts(trial("complain_anew")) == 3);
  CHECK(bench.record(trial("complain_anew")).attempts == 3);
}

TEST_CASE("runner: a divergence is an outcome: not tried again, no failure", "[runner]") {
  const Bench bench;
  CHECK(bench.run({trial("diverge")}).failures.empty());
  CHECK(bench.starts(trial("diverge")) == 1);
  CHECK(bench.record(trial("diverge")).status == Status::diverged);
}

TEST_CASE("runner: running out of memory is told from other crashes", "[runner]") {
  Bench bench;
  bench.options.system = bench.folder.path;  // the worker stands in for the kernel, too
  fs::create_directories(bench.folder.path / "proc");
  std::ofstream(bench.folder.path / "proc" / "vmstat") << "oom_kill 0\n";
  const RunOutcome outcome = bench.run({trial("bad_alloc"), trial("out_of_memory")});
  CHECK(outcome.failures.size() == 2);
  CHECK(bench.record(trial("bad_alloc")).status == Status::out_of_memory);
  CHECK(bench.record(trial("out_of_memory")).status == Status::out_of_memory);
  CHECK(bench.record(trial("out_of_memory")).message == "killed by SIGKILL when memory ran out");
}

TEST_CASE(
    "runner: a trial that is killed from outside is no result: the others run, and the next "
    "run does it",
    "[runner]") {
  const Bench bench;
  const TrialSpec killed = trial("killed_twice");
  const RunOutcome first = bench.run({killed, trial("succeed")});
  REQUIRE(first.killed.size() == 1);
  CHECK_THAT(first.killed[0], Catch::Matchers::StartsWith(
                                  "killed (killed by SIGKILL from outside) | killed_twice on "));
  CHECK(first.failures.empty());
  CHECK(exit_status(first) == 1);
  CHECK(bench.starts(killed) == 2);
  CHECK_FALSE(fs::exists(bench.dir(killed) / "record.json"));
  CHECK(bench.record(trial("succeed")).status == Status::ok);

  const RunOutcome second = bench.run({killed, trial("succeed")});
  CHECK(second.kept == 1);
  CHECK(exit_status(second) == 0);
  CHECK(bench.record(killed).status == Status::ok);
}

TEST_CASE("runner: a trial whose pretraining was killed waits for the next run too", "[runner]") {
  const Bench bench;
  TrialSpec waiting = trial("pretraining_killed_twice");
  waiting.settings.pretrain = "causal";
  plan_pretraining(waiting);
  CHECK(bench.run({waiting}).killed.size() == 2);
  CHECK_FALSE(fs::exists(bench.dir(waiting) / "record.json"));
  CHECK(exit_status(bench.run({waiting})) == 0);
  CHECK(bench.record(waiting).status == Status::ok);
}

TEST_CASE(
    "runner: a fault of the machine is tried again, and one that stays ends the suite without a "
    "record",
    "[runner]") {
  const Bench bench;
  const auto outcome = bench.run({trial("environment_fault"), trial("succeed", 7)});
  CHECK(outcome.fault.find("No space left on device") != std::string::npos);
  CHECK(bench.starts(trial("environment_fault")) == 3);
  CHECK_FALSE(fs::exists(bench.dir(trial("environment_fault")) / "record.json"));
  CHECK_FALSE(fs::exists(bench.dir(trial("succeed", 7)) / "record.json"));
}

TEST_CASE("runner: a fault of the machine that passes costs an attempt", "[runner]") {
  const Bench bench;
  const TrialSpec spec = trial("environment_fault_once");
  const auto outcome = bench.run({spec});
  CHECK(outcome.fault.empty());
  CHECK(bench.record(spec).status == Status::ok);
  CHECK(bench.record(spec).attempts == 2);
}

TEST_CASE("runner: a kill from outside is no attempt of the trial's own", "[runner]") {
  const Bench bench;
  const TrialSpec spec = trial("killed_once");
  bench.run({spec});
  CHECK(bench.starts(spec) == 2);
  CHECK(bench.record(spec).attempts == 1);
}

TEST_CASE("runner: exit status 3 without a fault of the machine is the trial's own", "[runner]") {
  const Bench bench;
  const auto outcome = bench.run({trial("exit_3"), trial("succeed")});
  CHECK(outcome.fault.empty());
  CHECK(bench.record(trial("exit_3")).status == Status::failed);
  CHECK(bench.record(trial("succeed")).status == Status::ok);
}

TEST_CASE("runner: only a part of a suite runs, the rest waits in the same folder", "[runner]") {
  Bench bench;
  TrialSpec first = trial("succeed"), second = trial("succeed");
  first.seed = 0;
  second.seed = 1;
  bench.options.only = Only::from_words({"seed=1"});
  const RunOutcome part = bench.run({first, second});
  CHECK(part.trials == 1);
  CHECK(part.left_out == 1);
  CHECK(bench.record(second).status == Status::ok);
  CHECK(fs::exists(bench.dir(first) / "spec.json"));
  CHECK_FALSE(fs::exists(bench.dir(first) / "record.json"));
  bench.options.only = {};
  const RunOutcome whole = bench.run({first, second});
  CHECK(whole.kept == 1);
  CHECK(whole.left_out == 0);
  CHECK(bench.starts(second) == 1);
}

TEST_CASE("runner: retry_failed runs again what failed, not what diverged", "[runner]") {
  Bench bench;
  const std::vector<TrialSpec> specs = {trial("complain_once"), trial("diverge")};
  CHECK(bench.run(specs).failures.size() == 1);
  CHECK(bench.run(specs).failures.size() == 1);
  CHECK(bench.starts(specs[0]) == 2);
  bench.options.retry_failed = true;
  bench.options.tried = {specs[0].id()};
  CHECK(bench.run(specs).failures.size() == 1);  // this run has tried it already
  bench.options.tried.clear();
  CHECK(bench.run(specs).failures.empty());
  CHECK(bench.record(specs[0]).status == Status::ok);
  CHECK(bench.starts(specs[1]) == 1);
}

TEST_CASE("runner: a failed pretraining is made again, and what waited for it revives",
          "[runner]") {
  const Bench bench;
  TrialSpec waiting = trial("pretraining_complains_once");
  waiting.settings.pretrain = "causal";
  plan_pretraining(waiting);
  CHECK(bench.run({waiting}).failures.size() == 2);
  CHECK(bench.run({waiting}).failures.empty());
  CHECK(bench.record(waiting).status == Status::ok);
}

#ifndef __SANITIZE_ADDRESS__  // whose shadow memory takes terabytes of addresses
TEST_CASE("runner: a crash under an address-space limit is a lack of memory", "[runner]") {
  const Bench bench;
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{rlim_t{8} << 30, rlim_t{8} << 30};
    setrlimit(RLIMIT_AS, &limit);
    bench.run({trial("crash")});
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  CHECK(bench.record(trial("crash")).status == Status::out_of_memory);
  CHECK(bench.record(trial("crash")).message ==
        "killed by SIGSEGV, under an address-space limit of 8192 MiB (ulimit -v)");
}
#endif

TEST_CASE("runner: a standard error that nobody reads stops nothing", "[runner]") {
  const Bench bench;
  const FullPipe pipe;
  const pid_t runner = fork();
  if (runner == 0) {
    std::signal(SIGHUP, SIG_DFL);
    alarm(60);
    std::FILE* full = fdopen(pipe.end(), "w");
    ProgressDisplay display(full);
    const RunOutcome outcome = run_trials("suite: test\n", {trial("succeed"), trial("hang")},
                                          bench.folder.path, bench.options, display);
    _exit(outcome.interrupted ? 130 : 0);
  }
  REQUIRE(within_seconds(60, [&] { return fs::exists(bench.dir(trial("hang")) / "pid.txt"); }));
  kill(runner, SIGHUP);
  int status = 0;
  waitpid(runner, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(has_ended(read_text(bench.dir(trial("hang")) / "pid.txt")));
}

TEST_CASE("runner: Ctrl-Z stops the children too, and they go on with it", "[runner]") {
  const Bench bench;
  const TrialSpec gate = trial("wait_for_gate");
  const pid_t runner = fork();
  if (runner == 0) {
    std::signal(SIGTSTP, SIG_DFL);
    _exit(bench.run({gate}).failures.empty() ? 0 : 1);
  }
  REQUIRE(within_seconds(60, [&] { return fs::exists(bench.dir(gate) / "pid.txt"); }));
  const std::string worker = read_text(bench.dir(gate) / "pid.txt");
  const auto is_stopped = [&](const std::string& pid) {
    const std::string stat = read_text("/proc/" + pid + "/stat");
    return stat[stat.rfind(") ") + 2] == 'T';
  };
  kill(runner, SIGTSTP);
  CHECK(within_seconds(60, [&] { return is_stopped(std::to_string(runner)); }));
  CHECK(within_seconds(60, [&] { return is_stopped(worker); }));
  kill(runner, SIGCONT);
  CHECK(within_seconds(60, [&] { return !is_stopped(worker); }));
  std::ofstream(bench.folder.path / "trials" / "gate_is_open").put('x');
  int status = 1;
  waitpid(runner, &status, 0);
  CHECK(status == 0);
}

TEST_CASE(
    "runner: a finished trial leaves no resume files, though its worker was killed at its end",
    "[runner]") {
  const Bench bench;
  const TrialSpec spec = trial("succeed");
  bench.run({spec});
  std::ofstream(bench.dir(spec) / "resume.1") << "a state";
  std::ofstream(bench.dir(spec) / "resume.0.tmp1") << "half a state";  // process 1 lives
  CHECK(bench.run({spec}).kept == 1);
  CHECK_FALSE(fs::exists(bench.dir(spec) / "resume.1"));
  CHECK_FALSE(fs::exists(bench.dir(spec) / "resume.0.tmp1"));
}

TEST_CASE("runner: runs as many trials at once as there are jobs", "[runner]") {
  Bench bench;
  SECTION("one") { CHECK(bench.run(trials("alone", 4)).failures.empty()); }
  SECTION("two") {
    bench.options.jobs = 2;
    CHECK(bench.run(trials("meet", 2)).failures.empty());
  }
}

TEST_CASE("runner: the same trial twice in a suite runs once", "[runner]") {
  const Bench bench;
  CHECK(bench.run({trial("succeed"), trial("succeed")}).trials == 1);
  CHECK(bench.starts(trial("succeed")) == 1);
}

TEST_CASE("runner: a second runner on the same folder is refused", "[runner]") {
  const Bench bench;
  const TrialSpec hanging = trial("hang");
  const pid_t first = bench.run_apart({hanging});
  REQUIRE(within_seconds(60, [&] { return fs::exists(bench.dir(hanging) / "pid.txt"); }));
  CHECK_THROWS_AS(bench.run({trial("succeed")}), Error);
  kill(first, SIGKILL);
  waitpid(first, nullptr, 0);
  CHECK(bench.run({trial("succeed")}).failures.empty());
}

TEST_CASE("runner: killed it leaves whole records, no children, and can go on", "[runner]") {
  Bench bench;
  bench.options.jobs = 2;
  const TrialSpec hanging = trial("hang"), waiting = trial("wait_for_gate");
  std::vector<TrialSpec> specs = trials("succeed", 2);
  specs.insert(specs.end(), {waiting, trial("wait_for_gate", 1)});
  std::vector<TrialSpec> all = specs;
  all.insert(all.begin(), hanging);
  const pid_t runner = bench.run_apart(all);
  const auto finished = [&] {
    return std::count_if(all.begin(), all.end(), [&](const TrialSpec& spec) {
      return fs::exists(bench.dir(spec) / "record.json");
    });
  };
  // Models take turns: one job hangs; the other has done a trial and is at the gate with its
  // second.
  REQUIRE(within_seconds(60, [&] {
    return fs::exists(bench.dir(hanging) / "pid.txt") && fs::exists(bench.dir(waiting) / "pid.txt");
  }));
  kill(runner, SIGKILL);
  waitpid(runner, nullptr, 0);

  for (const TrialSpec& spec : {hanging, waiting}) {
    const std::string orphan = read_text(bench.dir(spec) / "pid.txt");
    CHECK(within_seconds(60, [&] { return has_ended(orphan); }));
  }
  CHECK(finished() == 1);
  std::ofstream(bench.folder.path / "trials" / "gate_is_open").put('x');
  CHECK(bench.run(specs).kept == 1);
  for (const TrialSpec& spec : specs) CHECK(bench.record(spec).status == Status::ok);
}

TEST_CASE("runner: Ctrl-C stops the children and leaves their trials for the next run",
          "[runner]") {
  const Bench bench;
  const TrialSpec hanging = trial("hang");
  const pid_t runner = bench.run_apart({hanging, trial("succeed", 1)});
  REQUIRE(within_seconds(60, [&] { return fs::exists(bench.dir(hanging) / "pid.txt"); }));
  kill(runner, SIGINT);
  int status = 0;
  waitpid(runner, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(has_ended(read_text(bench.dir(hanging) / "pid.txt")));
  CHECK_FALSE(fs::exists(bench.dir(hanging) / "record.json"));
}

TEST_CASE("runner: models take turns, each in its own order", "[runner]") {
  const std::vector<TrialSpec> order =
      interleaved({trial("a", 1), trial("a", 0), trial("a", 2), trial("b", 5), trial("b", 4)});
  std::vector<std::pair<std::string, uint64_t>> names;
  for (const TrialSpec& spec : order) names.emplace_back(spec.model_name, spec.seed);
  CHECK(names == std::vector<std::pair<std::string, uint64_t>>{
                     {"a", 1}, {"b", 5}, {"a", 0}, {"b", 4}, {"a", 2}});
}

TEST_CASE("runner: trials that would not fit into memory together run one after another",
          "[runner]") {
  Bench bench;
  bench.options.jobs = 0;
  bench.options.planned_memory = [](const TrialSpec&) { return 1e15; };
  CHECK(bench.run(trials("alone", 3)).failures.empty());
}

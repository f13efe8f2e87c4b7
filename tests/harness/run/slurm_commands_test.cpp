#include "harness/run/slurm_commands.h"

#include <algorithm>
#include <cstdlib>

#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

SlurmBatch batch_in(const std::string& out) {
  return {std::filesystem::path(out) / "slurm" / "longhaul-1-ab", {"a", "b", "c"}, RunOptions()};
}

std::vector<std::string> words(const Engine& engine, const std::vector<std::size_t>& tasks = {0},
                               int64_t throttle = 0, const std::string& after = "",
                               const std::string& out = "/shared/out") {
  return sbatch_words(batch_in(out), tasks, engine, throttle, after, "/opt/longhaul");
}

bool holds(const std::vector<std::string>& all, const std::string& word) {
  return std::count(all.begin(), all.end(), word) == 1;
}

bool has_option(const std::vector<std::string>& all, const std::string& option) {
  return std::any_of(all.begin(), all.end(),
                     [&](const std::string& word) { return word.starts_with(option); });
}

}  // namespace

TEST_CASE("sbatch: what the engine block leaves open is left to the cluster", "[slurm]") {
  const std::vector<std::string> bare = words(Engine());
  CHECK(bare.front() == "sbatch");
  for (const char* option : {"--partition", "--time", "--mem", "--account", "--dependency"})
    CHECK_FALSE(has_option(bare, option));
  CHECK(holds(bare, "--array=0-0"));
  CHECK(holds(bare, "--job-name=longhaul-1-ab"));
  CHECK(holds(bare, "--requeue"));
  CHECK(holds(bare, "--cpus-per-task=1"));
  CHECK(holds(bare, "--signal=B:USR1@60"));
}

TEST_CASE("sbatch: each key of the engine block is a word of its own, `extra` behind them",
          "[slurm]") {
  Engine engine;
  engine.partition = "long,short";
  engine.time = "1-12:00:00";
  engine.memory = "4G";
  engine.account = "lab.one";
  engine.extra = {"--constraint=avx512&big", "--comment=two words; rm $HOME"};
  const std::vector<std::string> all = words(engine, {0, 1, 2}, 7);
  for (const char* word : {"--partition=long,short", "--time=1-12:00:00", "--mem=4G",
                           "--account=lab.one", "--array=0-2%7"})
    CHECK(holds(all, word));
  const std::vector<std::string> last(all.end() - 5, all.end());
  CHECK(last == std::vector<std::string>{"--constraint=avx512&big", "--comment=two words; rm $HOME",
                                         "/shared/out/slurm/longhaul-1-ab/task.sh", "/opt/longhaul",
                                         "/shared/out/slurm/longhaul-1-ab"});
}

TEST_CASE("sbatch: the threads of a trial are the cores of its task", "[slurm]") {
  SlurmBatch batch = batch_in("/shared/out");
  batch.options.threads = 6;
  CHECK(holds(sbatch_words(batch, {0}, Engine(), 0, "", "/opt/longhaul"), "--cpus-per-task=6"));
}

TEST_CASE("sbatch: tasks with gaps are listed, and a trial may follow others", "[slurm]") {
  const std::vector<std::string> all = words(Engine(), {0, 2}, 0, "12:13_4");
  CHECK(holds(all, "--array=0,2"));
  CHECK(holds(all, "--dependency=afterany:12:13_4"));
}

TEST_CASE("sbatch: a job too short for a warning asks for none", "[slurm]") {
  Engine engine;
  engine.time = "2";
  CHECK_FALSE(has_option(words(engine), "--signal"));
  engine.time = "3";
  CHECK(has_option(words(engine), "--signal"));
}

TEST_CASE("sbatch: a path keeps its spaces and quotes, and its % stands for nothing", "[slurm]") {
  const std::vector<std::string> all = words(Engine(), {0}, 0, "", "/it's 100%j \"odd\"");
  const std::string folder = "/it's 100%j \"odd\"/slurm/longhaul-1-ab";
  CHECK(holds(all, "--output=/it's 100%%j \"odd\"/slurm/longhaul-1-ab/%a.log"));
  CHECK(holds(all, "--chdir=" + folder));
  CHECK(all.back() == folder);
}

TEST_CASE("squeue: the state of each task, by the batch's name", "[slurm]") {
  const SlurmStates states = read_squeue(
      "longhaul-1-ab|0|12|RUNNING\nlonghaul-1-ab|11|12|PENDING\nlonghaul-2-cd|0|13|SPECIAL_EXIT\n");
  REQUIRE(states.size() == 3);
  CHECK(states.at({"longhaul-1-ab", 0}).state == "RUNNING");
  CHECK(states.at({"longhaul-1-ab", 11}).job == "12");
  CHECK(states.at({"longhaul-2-cd", 0}).state == "SPECIAL_EXIT");
  CHECK_FALSE(states.count({"longhaul-1-ab", 1}));
}

TEST_CASE("squeue: lines that name no single task in a state are passed over", "[slurm]") {
  const std::string huge(30, '9');
  for (const std::string& line :
       {std::string(), std::string("|||"), std::string("slurm_load_jobs error: Invalid job id"),
        std::string("longhaul-1-ab|N/A|12|RUNNING"), std::string("longhaul-1-ab|0-4%2|12|PENDING"),
        std::string("longhaul-1-ab|-1|12|RUNNING"), std::string("longhaul-1-ab|1 |12|RUNNING"),
        std::string("longhaul-1-ab|3|12|"), std::string("longhaul-1-ab|3"),
        "longhaul-1-ab|" + huge + "|12|RUNNING", std::string("\0\xff|\x01|", 5)}) {
    CAPTURE(line);
    const SlurmStates states = read_squeue(line + "\nlonghaul-1-ab|3|12|RUNNING");
    CHECK(states.size() == 1);
    CHECK(states.count({"longhaul-1-ab", 3}));
  }
}

TEST_CASE("squeue: a task may still run in every state but those of an end", "[slurm]") {
  for (const char* state : {"PENDING", "CONFIGURING", "RUNNING", "SUSPENDED", "COMPLETING",
                            "REQUEUED", "REQUEUE_HOLD", "STAGE_OUT", "STOPPED", "A_NEW_STATE"})
    CHECK(is_live(state));
  for (const char* state : {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED",
                            "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE", "REVOKED", ""})
    CHECK_FALSE(is_live(state));
}

TEST_CASE("slurm: words of a controller that is away are told from a refusal", "[slurm]") {
  CHECK(
      is_away("sbatch: error: Batch job submission failed: Unable to contact slurm controller "
              "(connect failure)"));
  CHECK(is_away("squeue: error: Socket timed out on send/recv operation"));
  CHECK_FALSE(is_away("sbatch: error: invalid partition specified: lang"));
  CHECK_FALSE(is_away(""));
}

TEST_CASE("slurm: variables that hide jobs from its commands are left out", "[slurm]") {
  for (const char* name : {"SQUEUE_PARTITION", "SCANCEL_STATE", "SBATCH_WAIT", "SBATCH_ACCOUNT"})
    setenv(name, "x", 1);
  leave_out_slurm_filters();
  for (const char* name : {"SQUEUE_PARTITION", "SCANCEL_STATE", "SBATCH_WAIT"})
    CHECK(std::getenv(name) == nullptr);
  CHECK(std::getenv("SBATCH_ACCOUNT") != nullptr);  // says what the user wants
  unsetenv("SBATCH_ACCOUNT");
}

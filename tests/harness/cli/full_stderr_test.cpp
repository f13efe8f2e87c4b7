#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>

#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/full_pipe.h"
#include "tests/helpers/program.h"
#include "tests/helpers/wait.h"

// Standard error is a full pipe that nobody reads: every command does its work, and ends.

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

constexpr int kPatience = 120;  // seconds

class Started {
 public:
  explicit Started(const std::string& arguments, const std::string& out = "/dev/null")
      : child_(fork()) {
    if (child_ != 0) return;
    dup2(stderr_.end(), STDERR_FILENO);
    const std::string line = "cd '" LONGHAUL_SOURCE_DIR "' && exec '" LONGHAUL_PROGRAM "' " +
                             arguments + " >'" + out + "'";
    execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    _exit(127);
  }

  void signal(int number) const { kill(child_, number); }

  // -1: it had to be killed, or ended by a signal.
  int status() const {
    int status = 0;
    if (!within_seconds(kPatience, [&] { return waitpid(child_, &status, WNOHANG) != 0; })) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
      return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  const FullPipe stderr_;
  const pid_t child_;
};

int status_of(const std::string& arguments) {
  INFO(arguments);
  return Started(arguments).status();
}

std::string smoke_run(const fs::path& out) {
  return "run smoke --set models=[lru] --jobs 1 --out " + out.string();
}

}  // namespace

TEST_CASE("full stderr: run ends with its status and prints its table", "[cli]") {
  const TemporaryFolder folder;
  const fs::path out = folder.path / "out";
  const std::string table = folder.path / "table.txt";
  CHECK(Started(smoke_run(out) + " --set budget.steps=1", table).status() == 0);
  CHECK(has(read_text(table), "lru"));
  CHECK(status_of("run smoke --set budget.steps=none") == 2);
  CHECK(status_of("status --watch " + out.string()) == 0);

  for (const fs::directory_entry& trial : fs::directory_iterator(out / "trials"))
    std::ofstream(trial.path() / "record.json") << "damaged";
  for (const char* command : {"table ", "export "}) {
    INFO(command);
    CHECK(status_of(command + out.string()) == 1);
  }
}

TEST_CASE("full stderr: run hears SIGTERM", "[cli]") {
  const TemporaryFolder folder;
  const fs::path out = folder.path / "out";
  const Started run(smoke_run(out) + " --set budget.steps=100000000");
  const auto trains = [&] {
    if (!fs::exists(out / "trials")) return false;
    const fs::directory_iterator trials(out / "trials");
    return std::any_of(begin(trials), end(trials), [](const fs::directory_entry& trial) {
      return fs::exists(trial.path() / "progress.json");
    });
  };
  CHECK(within_seconds(60, trains));
  run.signal(SIGTERM);
  CHECK(run.status() == 130);
}

TEST_CASE("full stderr: the other commands end too", "[cli]") {
  const TemporaryFolder folder;
  const std::string out = " --out " + (folder.path / "out").string();
  CHECK(status_of("throughput throughput --threads 1 --set models=[lru] --set "
                  "'throughput.lengths=[16]' --set throughput.tokens=16 --set "
                  "throughput.repetitions=1" +
                  out) == 0);
  CHECK(status_of("plan smoke --set models=[lru] --set tasks=[pathfinder]" + out) == 0);
  CHECK(status_of("claim retry_contract" + out) == 0);
  CHECK(status_of("claim negative_eigenvalues --jobs 1 --set suite.budget.steps=1 --set "
                  "suite.seeds=[1] --set suite.defaults.test_examples=20" +
                  out) == 0);
  CHECK(status_of("eval no_such.safetensors") == 2);
  CHECK(status_of("lsit") == 2);
}

TEST_CASE("full stderr: what is left out of the environment keeps no command waiting", "[cli]") {
  setenv("OMP_NUM_THREADS", "2", 1);
  CHECK(status_of("list models") == 0);
  unsetenv("OMP_NUM_THREADS");
}


#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/process.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;

namespace {

ProcessEnd run_shell(const std::string& script, const std::filesystem::path& log,
                     std::stop_token stop = {}) {
  return run_process({"/bin/sh", "-c", script}, log, stop);
}

}  // namespace

TEST_CASE("process: tells how the child ended", "[process]") {
  const TemporaryFolder folder;
  const auto log = folder.path / "log.txt";
  CHECK(to_string(run_shell("exit 0", log)) == "exit status 0");
  CHECK(to_string(run_shell("exit 7", log)) == "exit status 7");
  CHECK(to_string(run_shell("kill -SEGV $$", log)) == "killed by SIGSEGV");
  CHECK(to_string(run_shell("kill -KILL $$", log)) == "killed by SIGKILL");
}

TEST_CASE("process: output and errors of one child after another stand in the log", "[process]") {
  const TemporaryFolder folder;
  const auto log = folder.path / "log.txt";
  run_shell("echo out; echo err >&2", log);
  run_shell("cat; echo again", log);  // standard input is empty
  CHECK(read_text(log) == "out\nerr\nagain\n");
}

TEST_CASE("process: a program that cannot be started is an environment fault in the log",
          "[process]") {
  const TemporaryFolder folder;
  const auto log = folder.path / "log.txt";
  CHECK(run_process({"/no/such/program"}, log, {}).exit_status == 3);
  CHECK(read_text(log) == "cannot start /no/such/program: No such file or directory\n");
}

TEST_CASE("process: a log that cannot be written is a system error", "[process]") {
  CHECK_THROWS_AS(run_shell("exit 0", "/no/such/folder/log.txt"), std::system_error);
}

TEST_CASE("process: a stop request kills the child, whenever it comes", "[process]") {
  const TemporaryFolder folder;
  std::stop_source stop;
  SECTION("while the child runs") {
    const std::jthread asker([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      stop.request_stop();
    });
    CHECK(run_shell("sleep 30", folder.path / "log.txt", stop.get_token()).signal == SIGKILL);
  }
  SECTION("before it starts") {
    stop.request_stop();
    CHECK(run_shell("sleep 30", folder.path / "log.txt", stop.get_token()).signal == SIGKILL);
  }
}

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "longhaul/error.h"
#include "support/process.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;

namespace {

ProcessEnd end_of(ChildProcess& child) {
  for (;;) {
    if (const std::optional<ProcessEnd> end = child.poll()) return *end;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

ProcessEnd run_shell(const std::string& script, const std::filesystem::path& log) {
  ChildProcess shell({"/bin/sh", "-c", script}, log);
  return end_of(shell);
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

TEST_CASE("process: a program that cannot be started is a fault of the machine", "[process]") {
  const TemporaryFolder folder;
  const auto log = folder.path / "log.txt";
  ChildProcess missing({"/no/such/program"}, log);
  const ProcessEnd end = end_of(missing);
  CHECK(end.exit_status == 3);
  CHECK(end.machine_fault == "cannot start /no/such/program: No such file or directory");
}

TEST_CASE("process: a log that cannot be written is a system error", "[process]") {
  CHECK_THROWS_AS(run_shell("exit 0", "/no/such/folder/log.txt"), std::system_error);
}

TEST_CASE("process: a signal reaches the child and what it has started", "[process]") {
  const TemporaryFolder folder;
  ChildProcess shell({"/bin/sh", "-c", "sleep 30; true"}, folder.path / "log.txt");
  CHECK_FALSE(shell.poll());
  shell.signal_group(SIGTERM);
  CHECK(end_of(shell).signal == SIGTERM);
  CHECK(shell.poll()->signal == SIGTERM);  // asked again it says the same
  shell.signal_group(SIGTERM);             // which reaches nobody
}

TEST_CASE("process: a child goes with what holds it", "[process]") {
  const TemporaryFolder folder;
  const auto pid_file = folder.path / "pid.txt";
  {
    const ChildProcess shell({"/bin/sh", "-c", "echo $$ > " + pid_file.string() + "; sleep 30"},
                             folder.path / "log.txt");
    while (read_text(pid_file).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK(kill(std::stoi(read_text(pid_file)), 0) == -1);
}

TEST_CASE("signals: what is held back is asked for, once, and harms nobody", "[process]") {
  const auto now = std::chrono::milliseconds(0);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    const HeldSignals held;
    CHECK(held.arrived(now) == 0);
    std::raise(signal);
    CHECK(held.arrived(now) == signal);
    CHECK(held.arrived(now) == 0);
  }
}

TEST_CASE("signals: one that is sent to the process and to its group counts once", "[process]") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const HeldSignals held;
    std::raise(signal);
    const pthread_t self = pthread_self();
    std::thread again([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      pthread_kill(self, signal);
    });
    CHECK(held.arrived(std::chrono::milliseconds(0)) == signal);
    again.join();
    CHECK(held.arrived(std::chrono::milliseconds(0)) == 0);
  }
}

TEST_CASE("signals: one that nobody asked for is forgotten with the hold", "[process]") {
  {
    const HeldSignals held;
    std::raise(SIGINT);  // would end the test with the hold, were it kept
    std::raise(SIGTERM);
  }
  const HeldSignals held;
  CHECK(held.arrived(std::chrono::milliseconds(0)) == 0);
}

TEST_CASE("signals: the end of a child wakes who waits, and is no signal to end", "[process]") {
  const TemporaryFolder folder;
  const HeldSignals held;
  ChildProcess shell({"/bin/sh", "-c", "exit 0"}, folder.path / "log.txt");
  CHECK(held.arrived(std::chrono::milliseconds(900)) == 0);
  CHECK(shell.poll());
}

TEST_CASE("signals: a thread started under the hold has them held back too", "[process]") {
  const HeldSignals held;
  std::thread([] { std::raise(SIGINT); }).join();  // to that thread; gone with it
  CHECK(held.arrived(std::chrono::milliseconds(0)) == 0);
}

TEST_CASE("lock: one holder a folder, until it lets go", "[process]") {
  const TemporaryFolder folder, other;
  {
    const FolderLock lock(folder.path);
    CHECK_THROWS_WITH(FolderLock(folder.path),
                      folder.path.string() + ": another longhaul run is at work in this folder");
    CHECK_NOTHROW(FolderLock(other.path));
  }
  CHECK_NOTHROW(FolderLock(folder.path));
}

TEST_CASE("lock: goes with the process that held it, however that ends", "[process]") {
  const TemporaryFolder folder;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t holder = fork();
  if (holder == 0) {
    const FolderLock lock(folder.path);
    if (write(ready[1], "x", 1) == 1) pause();
    _exit(1);
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  CHECK_THROWS_AS(FolderLock(folder.path), Error);
  kill(holder, SIGKILL);
  waitpid(holder, nullptr, 0);
  CHECK_NOTHROW(FolderLock(folder.path));
  for (const int end : ready) close(end);
}

TEST_CASE("lock: a folder that cannot be written to is a system error", "[process]") {
  CHECK_THROWS_AS(FolderLock("/no/such/folder"), std::system_error);
}

TEST_CASE("lock: a file system that cannot lock is named as that, not as another run",
          "[process]") {
  const TemporaryFolder folder;
  int words[2];
  REQUIRE(pipe(words) == 0);
  const pid_t child = fork();
  if (child == 0) {  // where flock ends with ENOLCK, as over some networks
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_flock, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOLCK),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter = {4, program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    std::string said = "no filter";
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) try {
        FolderLock lock(folder.path);
        said = "locked";
      } catch (const std::exception& error) {
        said = error.what();
      }
    _exit(write(words[1], said.data(), said.size()) < 0);
  }
  char said[512];
  const ssize_t size = read(words[0], said, sizeof(said));
  waitpid(child, nullptr, 0);
  for (const int end : words) close(end);
  REQUIRE(size > 0);
  CHECK_THAT(std::string(said, static_cast<std::size_t>(size)),
             Catch::Matchers::Contains("this file system cannot lock the folder"));
}

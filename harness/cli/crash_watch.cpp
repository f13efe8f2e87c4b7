#include "harness/cli/crash_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "support/exit_status.h"
#include "support/process.h"

namespace longhaul {
namespace {

// The last line of what the child wrote. Not waited for: a process that it started may live on and
// hold the pipe open.
std::string last_work(int descriptor) {
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  std::string said;
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = read(descriptor, buffer.data(), buffer.size())) > 0;)
    said.append(buffer.data(), static_cast<std::size_t>(n));
  if (said.empty()) return "";
  said.pop_back();
  return said.substr(said.rfind('\n') + 1);
}

[[noreturn]] void watch(pid_t child, int descriptor, const std::string& title) {
  const ProcessEnd end = wait_for(child);
  const std::string work = last_work(descriptor);
  if (work.empty() && end.signal == 0) _exit(end.exit_status);
  fmt::print("{}\n  CRASHED {}\n          it ends the program: {}\n", title,
             work.empty() ? "after all promises" : work, to_string(end));
  std::fflush(stdout);
  _exit(kSomeFailed);
}

}  // namespace

CrashWatch::CrashWatch(const std::string& title) {
  std::fflush(nullptr);  // so that nothing is printed twice
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child > 0) {
    close(ends[1]);
    watch(child, ends[0], title);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kEnvironmentFault);
  close(ends[0]);
  descriptor_ = ends[1];
}

void CrashWatch::begin(const std::string& work) const {
  const std::string line = work + "\n";
  if (write(descriptor_, line.data(), line.size()) < 0) _exit(kEnvironmentFault);
}

}  // namespace longhaul

#include "support/process.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include "longhaul/error.h"
#include "support/exit_status.h"

namespace longhaul {
namespace {

void check(bool ok, const std::string& what) {
  if (!ok) throw std::system_error(errno, std::generic_category(), what);
}

// The child's side, between fork and exec: other threads of the parent may hold locks, so nothing
// here may allocate.
[[noreturn]] void become(char* const* argv, int log, int input, pid_t parent) {
  // Not posix_spawn, because it cannot ask for this.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kEnvironmentFault);  // the parent ended before the line above
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(argv[0], argv);
  const char* reason = strerrordesc_np(errno);
  for (const char* part : {"cannot start ", static_cast<const char*>(argv[0]), ": ", reason, "\n"})
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  _exit(kEnvironmentFault);
}

struct Descriptor {
  explicit Descriptor(const char* path, int flags) : number(open(path, flags | O_CLOEXEC, 0644)) {
    check(number >= 0, path);
  }
  ~Descriptor() { close(number); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  const int number;
};

}  // namespace

std::string to_string(const ProcessEnd& end) {
  if (end.signal == 0) return text("exit status ", end.exit_status);
  const char* name = sigabbrev_np(end.signal);
  return name ? text("killed by SIG", name) : text("killed by signal ", end.signal);
}

ProcessEnd run_process(const std::vector<std::string>& command, const std::filesystem::path& log,
                       std::stop_token stop) {
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  pid_t child;
  {
    const Descriptor output(log.c_str(), O_WRONLY | O_CREAT | O_APPEND);
    const Descriptor input("/dev/null", O_RDONLY);
    const pid_t parent = getpid();
    child = fork();
    if (child == 0) become(argv.data(), output.number, input.number, parent);
    check(child > 0, "fork");
  }
  {
    const std::stop_callback kill_child(stop, [child] { kill(child, SIGKILL); });
    // Waited for, not yet reaped: until then its number cannot name another process.
    siginfo_t ended;
    while (waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) < 0)
      check(errno == EINTR, "waitid");
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) check(errno == EINTR, "waitpid");
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const std::string file = (folder / ".lock").string();
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  check(descriptor_ >= 0, file);
  // A run that was killed may leave a child between fork and exec, which has the lock for a moment.
  for (int attempt = 0; attempt < 10; ++attempt) {
    if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      const int fault = errno;
      close(descriptor_);
      throw std::system_error(fault, std::generic_category(),
                              file +
                                  ": this file system cannot lock the folder against a second "
                                  "run; put the results on one that can");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  close(descriptor_);
  throw Error(text(folder.string(), ": another longhaul run is at work in this folder"));
}

FolderLock::~FolderLock() { close(descriptor_); }

HeldSignals::HeldSignals() {
  sigemptyset(&held_);
  sigaddset(&held_, SIGINT);
  sigaddset(&held_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

HeldSignals::~HeldSignals() {
  while (arrived(std::chrono::milliseconds(0))) continue;
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool HeldSignals::arrived(std::chrono::milliseconds within) const {
  const timespec timeout{0, std::chrono::nanoseconds(within).count()};
  return sigtimedwait(&held_, nullptr, &timeout) > 0;
}

}  // namespace longhaul

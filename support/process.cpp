#include "support/process.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "longhaul/error.h"
#include "support/exit_status.h"

namespace longhaul {
namespace {

// The descriptor that a child reports a fault to, and the variable that says it is there.
constexpr int kFaultDescriptor = 3;
constexpr const char* kFaultVariable = "LONGHAUL_FAULT_DESCRIPTOR";

void check(bool ok, const std::string& what) {
  if (!ok) throw std::system_error(errno, std::generic_category(), what);
}

// Every ChildProcess that runs, each the leader of a group, to be stopped and continued.
std::mutex children_mutex;
std::set<pid_t> children;

constexpr std::chrono::milliseconds kEcho{300};

void stop_together() {
  const std::lock_guard lock(children_mutex);  // no child starts meanwhile
  for (const pid_t child : children) kill(-child, SIGSTOP);
  raise(SIGSTOP);
  for (const pid_t child : children) kill(-child, SIGCONT);
}

// `timeout -s INT` sends its signal to the process and to its group, a closed terminal and its
// shell send one each: what comes right behind the first means the same.
void swallow_echo() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, signal);
  const timespec echo{0, std::chrono::nanoseconds(kEcho).count()};
  sigtimedwait(&ends, nullptr, &echo);
}

// The child's side, between fork and exec: other threads of the parent may hold locks, so nothing
// here may allocate.
[[noreturn]] void become(char* const* argv, char* const* variables, int log, int input, int faults,
                         pid_t parent) {
  // Not posix_spawn, because it cannot ask for this.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kEnvironmentFault);  // the parent ended before the line above
  setpgid(0, 0);
  // What arrives now must not run a handler of the parent's; what it ignores (nohup) stays ignored.
  for (int signal = 1; signal < NSIG; ++signal)
    if (struct sigaction now; sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
      std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  if (faults == kFaultDescriptor)
    fcntl(faults, F_SETFD, 0);  // dup2 onto itself would leave it to be closed
  else
    dup2(faults, kFaultDescriptor);
  execve(argv[0], argv, variables);
  const char* reason = strerrordesc_np(errno);
  for (const char* part : {"cannot start ", static_cast<const char*>(argv[0]), ": ", reason})
    if (write(kFaultDescriptor, part, std::strlen(part)) < 0) break;
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

// What stands in a pipe. It holds 64 KiB, so that nobody need read while the child runs.
std::string content_of(int pipe) {
  std::string all;
  char part[4096];
  for (ssize_t count; (count = read(pipe, part, sizeof(part))) > 0;)
    all.append(part, static_cast<std::size_t>(count));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_of_child() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry; ++entry) variables.emplace_back(*entry);
  std::erase_if(variables,
                [](const std::string& entry) { return entry.starts_with(kFaultVariable); });
  variables.push_back(text(kFaultVariable, "=", kFaultDescriptor));
  return variables;
}

}  // namespace

ProcessEnd wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) check(errno == EINTR, "waitpid");
  ProcessEnd end;
  if (WIFSIGNALED(status))
    end.signal = WTERMSIG(status);
  else
    end.exit_status = WEXITSTATUS(status);
  return end;
}

std::string to_string(const ProcessEnd& end) {
  if (end.signal == 0) return text("exit status ", end.exit_status);
  const char* name = sigabbrev_np(end.signal);
  return name ? text("killed by SIG", name) : text("killed by signal ", end.signal);
}

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::filesystem::path& log) {
  std::vector<std::string> words = command, entries = environment_of_child();
  const std::vector<char*> argv = pointers_to(words), variables = pointers_to(entries);
  const Descriptor output(log.c_str(), O_WRONLY | O_CREAT | O_APPEND);
  const Descriptor input("/dev/null", O_RDONLY);
  int ends[2];
  check(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, "pipe");
  const pid_t parent = getpid();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  {
    const std::lock_guard lock(children_mutex);
    child_ = fork();
    if (child_ == 0)
      become(argv.data(), variables.data(), output.number, input.number, ends[1], parent);
    if (child_ > 0) {
      setpgid(child_, child_);  // as the child does, whoever comes first
      children.insert(child_);
    }
  }
  const int fault = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(ends[1]);
  if (child_ < 0) close(ends[0]);
  errno = fault;
  check(child_ > 0, "fork");
  faults_ = ends[0];
}

ChildProcess::~ChildProcess() {
  signal_group(SIGKILL);
  if (!end_) reap();
  close(faults_);
}

void ChildProcess::signal_group(int signal) const {
  if (!end_) kill(-child_, signal);
}

std::optional<ProcessEnd> ChildProcess::poll() {
  if (end_) return end_;
  // Looked at, not yet reaped: until then its number cannot name another process.
  siginfo_t ended{};
  if (waitid(P_PID, static_cast<id_t>(child_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      ended.si_pid == 0)
    return std::nullopt;
  kill(-child_, SIGKILL);  // what it has started and not waited for
  end_ = reap();
  return end_;
}

ProcessEnd ChildProcess::reap() {
  {
    const std::lock_guard lock(children_mutex);
    children.erase(child_);
  }
  ProcessEnd end = wait_for(child_);
  end.machine_fault = content_of(faults_);
  return end;
}

bool report_machine_fault(const std::string& what) {
  const char* there = std::getenv(kFaultVariable);
  if (!there || text(kFaultDescriptor) != there) return false;
  return write(kFaultDescriptor, what.data(), what.size()) == static_cast<ssize_t>(what.size());
}

std::string memory_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    return text("an address-space limit of ", limit.rlim_cur >> 20, " MiB (ulimit -v)");
  if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    return text("a limit of ", limit.rlim_cur >> 20, " MiB of own memory");
  return "";
}

void limit_memory(double bytes) {
  rlimit limit{};
  check(getrlimit(RLIMIT_DATA, &limit) == 0, "getrlimit");
  limit.rlim_cur = std::min(static_cast<rlim_t>(bytes), limit.rlim_max);
  check(setrlimit(RLIMIT_DATA, &limit) == 0, "setrlimit");
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
  sigaddset(&held_, SIGUSR1);
  sigaddset(&held_, SIGCHLD);
  for (const int signal : {SIGHUP, SIGTSTP})
    if (struct sigaction now; sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
      sigaddset(&held_, signal);
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

HeldSignals::~HeldSignals() {
  const timespec at_once{};
  while (sigtimedwait(&held_, nullptr, &at_once) > 0) continue;
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int HeldSignals::arrived(std::chrono::milliseconds within) const {
  const timespec timeout{0, std::chrono::nanoseconds(within).count()};
  const int signal = sigtimedwait(&held_, nullptr, &timeout);
  if (signal == SIGTSTP) stop_together();
  if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) swallow_echo();
  return signal > 0 && signal != SIGTSTP && signal != SIGCHLD ? signal : 0;
}

}  // namespace longhaul

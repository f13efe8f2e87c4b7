#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longhaul {

// How a child process ended.
struct ProcessEnd {
  int exit_status = 0;
  int signal = 0;             // that killed it; 0 if it left by itself
  std::string machine_fault;  // that it reported; empty if none
};

// Waits for a child and says how it ended. Throws std::system_error if it is no child of ours.
ProcessEnd wait_for(pid_t child);

std::string to_string(const ProcessEnd& end);  // "exit status 1", "killed by SIGSEGV"

// A program that runs beside this one, with standard output and error appended to a log. It is
// killed when the thread that started it ends, however that comes about; Ctrl-C on the terminal
// does not reach it. It leads a process group: what it has started itself is killed with it and at
// its end. A program that cannot be started reports that as a fault of the machine.
class ChildProcess {
 public:
  // Starts command[0] with the arguments after it. Throws std::system_error when the system refuses
  // a log file or a process.
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& log);
  ~ChildProcess();  // kills it if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // How it ended; nothing while it runs. Does not wait.
  std::optional<ProcessEnd> poll();
  void signal_group(int signal) const;  // nothing once it has ended

 private:
  ProcessEnd reap();

  pid_t child_ = -1;
  int faults_ = -1;  // that it reports
  std::optional<ProcessEnd> end_;
};

// In a ChildProcess: tells the parent what the machine did, by a pipe, since a full disk
// leaves no room in a log. False in a process that nobody listens to.
bool report_machine_fault(const std::string& what);

// "an address-space limit of 4096 MiB (ulimit -v)", "a limit of 4096 MiB of own memory", or empty
// if this process has none.
std::string memory_limit();

// From now on the system refuses this process more private memory than that, in bytes.
void limit_memory(double bytes);

// Keeps a second run out of a results folder while it lives; the lock goes with the process,
// however that ends. Throws Error if another process holds it, std::system_error if the folder is
// read-only.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

// Holds SIGINT, SIGTERM, SIGUSR1 and SIGHUP back from this thread, and from threads it starts, to
// be asked for instead; SIGHUP not where it is ignored (nohup). SIGTSTP (Ctrl-Z) stops this process
// and every ChildProcess, and they go on together.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();  // forgets what arrived and was not asked for
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // The signal that came, 0 if none did. Waits that long, less than a second, or until a child
  // ends. SIGINT, SIGTERM and SIGHUP that come right behind one of them count as that one.
  int arrived(std::chrono::milliseconds within) const;

 private:
  sigset_t held_, before_;
};

}  // namespace longhaul

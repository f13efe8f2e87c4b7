#include "harness/run/system_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace longhaul {
namespace {

// A file, since a pipe that nobody reads meanwhile would stop the program.
int nameless_file(const char* what) {
  const int file = memfd_create(what, MFD_CLOEXEC);
  if (file < 0) throw std::system_error(errno, std::generic_category(), what);
  return file;
}

std::string take_content(int file) {
  std::string all;
  char part[4096];
  lseek(file, 0, SEEK_SET);
  for (ssize_t count; (count = read(file, part, sizeof(part))) > 0;)
    all.append(part, static_cast<std::size_t>(count));
  return all;
}

}  // namespace

SystemCommand::SystemCommand(const std::vector<std::string>& words)
    : out_(nameless_file("standard output")), errors_(nameless_file("standard error")) {
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out_, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, errors_, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const int fault = posix_spawnp(&child_, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (fault == 0) return;
  close(out_);
  close(errors_);
  throw std::system_error(fault, std::generic_category(), "cannot start " + words[0]);
}

SystemCommand::~SystemCommand() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    wait_for(child_);
  }
  close(out_);
  close(errors_);
}

std::optional<CommandOutput> SystemCommand::poll() {
  siginfo_t ended{};
  if (waitid(P_PID, static_cast<id_t>(child_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      ended.si_pid == 0)
    return std::nullopt;
  return finish();
}

CommandOutput SystemCommand::wait() { return finish(); }

CommandOutput SystemCommand::finish() {
  const pid_t child = child_;
  child_ = -1;
  CommandOutput output;
  output.end = wait_for(child);
  output.out = take_content(out_);
  output.errors = take_content(errors_);
  return output;
}

CommandOutput run_command(const std::vector<std::string>& words) {
  return SystemCommand(words).wait();
}

}  // namespace longhaul

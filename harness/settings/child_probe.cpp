#include "harness/settings/child_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "support/process.h"

namespace longhaul {
namespace {

[[noreturn]] void do_work(const std::function<void()>& work, int done) {
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  try {
    work();
  } catch (...) {
  }
  const char end = '.';
  _exit(write(done, &end, 1) == 1 ? 0 : 1);
}

// Whether the descriptor has something to read, or its other end is closed, within so long.
bool is_heard(int descriptor, double seconds) {
  pollfd wanted{descriptor, POLLIN, 0};
  int events;
  do events = poll(&wanted, 1, static_cast<int>(1000 * seconds));
  while (events < 0 && errno == EINTR);
  return events > 0;
}

}  // namespace

ProbeEnd try_in_child(const std::function<void()>& work, double seconds) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  std::fflush(nullptr);  // so that a child that ends by exit() writes nothing twice
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) do_work(work, ends[1]);
  close(ends[1]);

  ProbeEnd end;
  char said = 0;
  end.hangs = !is_heard(ends[0], seconds);
  const bool is_done = !end.hangs && read(ends[0], &said, 1) == 1;
  close(ends[0]);
  if (end.hangs) kill(child, SIGKILL);
  const ProcessEnd process = wait_for(child);
  if (!is_done && !end.hangs) end.crash = to_string(process);
  return end;
}

}  // namespace longhaul

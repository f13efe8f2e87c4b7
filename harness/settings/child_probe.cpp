#include "harness/settings/child_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <system_error>

#include "core/unexpected_throw.h"
#include "longhaul/error.h"
#include "math/parallel.h"
#include "support/process.h"

namespace longhaul {
namespace {

constexpr char kEnd = '\0';
constexpr std::size_t kMostSaid = 1000;  // written and read at once

// Writes what the work threw that is no Error, and kEnd behind it.
[[noreturn]] void do_work(const std::function<void()>& work, int done) {
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  const LaneScope one_thread;  // the others of this process are not forked with it
  std::string said;
  try {
    work();
  } catch (const UnexpectedThrow& fault) {
    said = fault.what();
  } catch (const Error&) {
  } catch (const std::exception& fault) {
    said = text("throws: ", fault.what());
  } catch (...) {
    said = "throws something that is no std::exception";
  }
  said = said.substr(0, kMostSaid) + kEnd;
  _exit(write(done, said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
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
  std::array<char, kMostSaid + 1> said;
  end.hangs = !is_heard(ends[0], seconds);
  const ssize_t count = end.hangs ? 0 : read(ends[0], said.data(), said.size());
  const bool is_done = count > 0 && said[static_cast<std::size_t>(count) - 1] == kEnd;
  if (is_done) end.crash.assign(said.data(), static_cast<std::size_t>(count) - 1);
  close(ends[0]);
  if (end.hangs) kill(child, SIGKILL);
  const ProcessEnd process = wait_for(child);
  if (!is_done && !end.hangs) end.crash = to_string(process);
  return end;
}

}  // namespace longhaul

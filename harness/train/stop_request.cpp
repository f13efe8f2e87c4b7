#include "harness/train/stop_request.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "support/exit_status.h"

namespace longhaul {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGHUP, SIGUSR1};

std::atomic<int> holders = 0;
std::atomic<bool> was_asked = false;                   // by a signal
std::atomic<bool> is_requested = false;                // by this process itself
static_assert(std::atomic<int>::is_always_lock_free);  // as a signal handler needs

void on_signal(int) {
  if (holders == 0) _exit(kStoredToResume);
  was_asked = true;
}

void handle_by(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

}  // namespace

StopRequests::StopRequests() { handle_by(on_signal); }
StopRequests::~StopRequests() { handle_by(SIG_DFL); }

void request_stop() { is_requested = true; }
void withdraw_stop() { is_requested = false; }

HeldStop::HeldStop() { ++holders; }
HeldStop::~HeldStop() {
  --holders;
  if (was_asked) on_signal(SIGTERM);
}
bool HeldStop::arrived() {
  const bool is_asked = was_asked.exchange(false);
  return is_requested.exchange(false) || is_asked;
}

}  // namespace longhaul

#include "harness/cli/environment.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/say.h"

namespace longhaul {
namespace {

// The cores that this process was given. OpenMP binds it to one of them as the library starts, and
// the binding outlives execv(); what .preinit_array lists runs before any library starts.
cpu_set_t given_cores;

void note_given_cores() {
  syscall(SYS_sched_getaffinity, 0, sizeof given_cores, &given_cores);  // no library is ready yet
}

[[gnu::section(".preinit_array"), gnu::used]] void (*before_libraries)() = note_given_cores;

bool is_library_setting(const std::string& name) {
  static constexpr std::array kPrefixes = {"OMP_", "GOMP_", "KMP_", "BENCHMARK_"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](const char* prefix) { return name.starts_with(prefix); });
}

std::vector<std::string> library_settings() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry; ++entry) {
    const std::string assignment = *entry;
    const std::string name = assignment.substr(0, assignment.find('='));
    if (is_library_setting(name)) names.push_back(name);
  }
  return names;
}

}  // namespace

void leave_out_library_settings(char** argv) {
  const std::vector<std::string> names = library_settings();
  if (names.empty()) return;
  std::string listed;
  for (const std::string& name : names) {
    listed += (listed.empty() ? "" : ", ") + name;
    unsetenv(name.c_str());
  }
  const bool are_threads = listed.find("OMP_") != std::string::npos;
  say("longhaul: left out of the environment: {}{}\n", listed,
      are_threads ? " (--threads sets the threads)" : "");
  if (CPU_COUNT(&given_cores) > 0) sched_setaffinity(0, sizeof given_cores, &given_cores);
  execv("/proc/self/exe", argv);  // returns only where there is no /proc
}

void open_standard_streams() {
  // open() takes the lowest number that is free. Nobody misses what is said on a closed stderr.
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0)
      open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace longhaul

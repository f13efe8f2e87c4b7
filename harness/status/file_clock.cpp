#include "harness/status/file_clock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace longhaul {
namespace {

double seconds_of(const timespec& time) {
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Named as remove_strays() knows it, should this process be killed before it is gone again.
std::optional<double> time_of_new_file(const std::filesystem::path& folder) {
  const std::string path = folder / ("status.tmp" + std::to_string(getpid()));
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return std::nullopt;
  struct stat status {};
  const bool known = fstat(file, &status) == 0;
  close(file);
  unlink(path.c_str());
  return known ? std::optional(seconds_of(status.st_mtim)) : std::nullopt;
}

double local_time() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return seconds_of(now);
}

}  // namespace

FileClock::FileClock(const std::filesystem::path& folder)
    : now_(time_of_new_file(folder).value_or(local_time())) {}

std::optional<double> FileClock::seconds_since_change(const std::filesystem::path& file) const {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return std::nullopt;
  return std::max(now_ - seconds_of(status.st_mtim), 0.0);
}

}  // namespace longhaul

#include "support/cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace longhaul {
namespace {

namespace fs = std::filesystem;

int cores_by_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return static_cast<int>(std::thread::hardware_concurrency());
  return CPU_COUNT(&set);
}

// quota / period of one group, in cores; infinity where it has none.
double quota_of(const fs::path& group) {
  double quota = -1, period = 0;
  if (std::ifstream both(group / "cpu.max"); both) {  // version 2: "max 100000", "150000 100000"
    both >> quota >> period;
  } else {  // version 1
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;
    std::ifstream(group / "cpu.cfs_period_us") >> period;
  }
  return quota > 0 && period > 0 ? quota / period : INFINITY;
}

// The least quota of a group and of those around it, up to where the hierarchy is mounted.
double quota_along(const fs::path& mounted, const std::string& group) {
  double least = quota_of(mounted);
  fs::path here = mounted;
  for (const fs::path& part : fs::path(group).relative_path())
    least = std::min(least, quota_of(here /= part));
  return least;
}

// Lines of /proc/self/cgroup are "0::/group" (version 2) or "4:cpu,cpuacct:/group" (version 1).
double cores_by_quota() {
  double least = INFINITY;
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string kinds = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (kinds.empty()) least = std::min(least, quota_along("/sys/fs/cgroup", group));
    if (("," + kinds + ",").find(",cpu,") != std::string::npos)
      for (const char* mounted : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"})
        least = std::min(least, quota_along(mounted, group));
  }
  return least;
}

}  // namespace

int usable_cores() {
  const double cores = std::min<double>(cores_by_affinity(), std::ceil(cores_by_quota()));
  return std::max(1, static_cast<int>(cores));
}

}  // namespace longhaul

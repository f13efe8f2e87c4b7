#include "support/cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
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

// The number that a file holds; nothing for "max", or without the file.
std::optional<double> number_in(const fs::path& file) {
  double number = 0;
  std::ifstream in(file);
  return in >> number ? std::optional(number) : std::nullopt;
}

// quota / period of one group, in cores; infinity where it has none.
double quota_of(const fs::path& group) {
  double quota = -1, period = 0;
  if (std::ifstream both(group / "cpu.max"); both) {  // version 2: "max 100000", "150000 100000"
    both >> quota >> period;
  } else {
    quota = number_in(group / "cpu.cfs_quota_us").value_or(-1);
    period = number_in(group / "cpu.cfs_period_us").value_or(0);
  }
  return quota > 0 && period > 0 ? quota / period : INFINITY;
}

// What the limit of one group leaves, in bytes; infinity where it has none. A version 1 group
// without a limit has one beyond all memory.
double memory_left(const fs::path& group) {
  std::optional<double> limit = number_in(group / "memory.max");
  std::optional<double> used = number_in(group / "memory.current");
  if (!limit) {
    limit = number_in(group / "memory.limit_in_bytes");
    used = number_in(group / "memory.usage_in_bytes");
  }
  return limit && *limit < 1e18 ? std::max(0.0, *limit - used.value_or(0)) : INFINITY;
}

// "MemAvailable:   16315284 kB"
double memory_available(const fs::path& root) {
  std::ifstream in(root / "proc/meminfo");
  double kilobytes = 0;
  for (std::string word; in >> word;)
    if (word == "MemAvailable:" && in >> kilobytes) return kilobytes * 1024;
  return INFINITY;
}

// A group and those around it, up to where its hierarchy is mounted.
void add_nested(const fs::path& mounted, const fs::path& group, std::vector<fs::path>& folders) {
  std::vector<fs::path> outer_first{mounted};
  for (const fs::path& part : group.relative_path())
    outer_first.push_back(outer_first.back() / part);
  folders.insert(folders.end(), outer_first.rbegin(), outer_first.rend());
}

}  // namespace

// Lines of proc/self/cgroup are "0::/group" (version 2) or "4:cpu,cpuacct:/group" (version 1).
std::vector<fs::path> control_groups(const std::string& controller, const fs::path& root) {
  const fs::path mounted = root / "sys/fs/cgroup";
  std::vector<fs::path> folders;
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string kinds = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (kinds.empty()) {
      add_nested(mounted, group, folders);
      add_nested(mounted / "unified", group, folders);
    }
    if (("," + kinds + ",").find("," + controller + ",") == std::string::npos) continue;
    add_nested(mounted / controller, group, folders);
    if (kinds != controller) add_nested(mounted / kinds, group, folders);
  }
  return folders;
}

int usable_cores(const fs::path& root) {
  double cores = cores_by_affinity();
  for (const fs::path& group : control_groups("cpu", root))
    cores = std::min(cores, std::ceil(quota_of(group)));
  return std::max(1, static_cast<int>(cores));
}

double usable_memory(const fs::path& root) {
  double bytes = memory_available(root);
  for (const fs::path& group : control_groups("memory", root))
    bytes = std::min(bytes, memory_left(group));
  return bytes;
}

}  // namespace longhaul

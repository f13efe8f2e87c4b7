#include "harness/run/memory_kills.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// The file's line "oom_kill <count>".
std::optional<int64_t> count_in(const fs::path& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    int64_t count = 0;
    if (words >> key >> count && key == "oom_kill") return count;
  }
  return std::nullopt;
}

// Where a count may stand, the nearest first. A container may see its own control group as the root
// of /sys/fs/cgroup, whatever /proc/self/cgroup calls it.
std::vector<fs::path> places(const fs::path& root) {
  const fs::path groups = root / "sys/fs/cgroup";
  std::vector<fs::path> own, above;
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // "4:memory:/job" (v1), "0::/job" (v2)
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers(line, first + 1, second - first - 1);
    const fs::path group = fs::path(line.substr(second + 1)).relative_path();
    if (controllers.find("memory") != std::string::npos) {
      own.push_back(groups / "memory" / group / "memory.oom_control");
      above.push_back(groups / "memory/memory.oom_control");
    } else if (controllers.empty()) {
      own.push_back(groups / group / "memory.events");
      above.push_back(groups / "memory.events");
    }
  }
  own.insert(own.end(), above.begin(), above.end());
  own.push_back(root / "proc/vmstat");
  return own;
}

}  // namespace

std::optional<int64_t> memory_kills(const fs::path& root) {
  for (const fs::path& place : places(root))
    if (const std::optional<int64_t> count = count_in(place)) return count;
  return std::nullopt;
}

}  // namespace longhaul

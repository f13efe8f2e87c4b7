#include "harness/run/memory_kills.h"

#include <fstream>
#include <sstream>
#include <string>

#include "support/cores.h"

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

}  // namespace

std::optional<int64_t> memory_kills(const fs::path& root) {
  for (const fs::path& group : control_groups("memory", root))
    for (const char* file : {"memory.events", "memory.oom_control"})  // version 2, version 1
      if (const std::optional<int64_t> count = count_in(group / file)) return count;
  return count_in(root / "proc/vmstat");
}

}  // namespace longhaul

#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "tests/helpers/folder.h"

namespace longhaul {

inline bool within_seconds(int seconds, const std::function<bool()>& true_at_last) {
  for (int tries = 0; tries < seconds * 100; ++tries) {
    if (true_at_last()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

// Gone, or a zombie that nobody has reaped yet.
inline bool has_ended(const std::string& pid) {
  const std::string stat = read_text("/proc/" + pid + "/stat");
  const std::size_t name_end = stat.rfind(") ");
  return name_end == std::string::npos || stat[name_end + 2] == 'Z';
}

}  // namespace longhaul

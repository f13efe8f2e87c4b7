#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "test_paths.h"

namespace longhaul {

// Lines of the top comment of tasks/<task>.cpp: `count` of them after the one that starts with
// `start`, without slashes and indentation.
inline std::vector<std::string> top_comment(const std::string& task, const std::string& start,
                                            std::size_t count) {
  std::ifstream source(LONGHAUL_SOURCE_DIR "/tasks/" + task + ".cpp");
  std::vector<std::string> lines;
  bool found = false;
  for (std::string line; std::getline(source, line) && lines.size() < count;) {
    if (found) lines.push_back(line.substr(std::min(line.size(), line.find_first_not_of("/ "))));
    found |= line.rfind("// " + start, 0) == 0;
  }
  return lines;
}

}  // namespace longhaul

#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "longhaul/batch.h"
#include "test_paths.h"

namespace longhaul {

// The numbers at the end of the line of a task's top comment that starts with `start`; '.' reads as
// kIgnore.
inline std::vector<int32_t> comment_numbers(const std::string& task, const std::string& start) {
  std::ifstream source(LONGHAUL_SOURCE_DIR "/tasks/" + task + ".cpp");
  std::vector<int32_t> numbers;
  for (std::string line; std::getline(source, line);) {
    if (line.rfind(start, 0) != 0) continue;
    std::istringstream words(line.substr(line.find_last_not_of("0123456789. ") + 1));
    for (std::string word; words >> word;)
      numbers.push_back(word == "." ? kIgnore : std::stoi(word));
  }
  return numbers;
}

}  // namespace longhaul

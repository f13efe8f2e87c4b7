#include <fstream>
#include <set>
#include <string>

#include "test_paths.h"
#include "tests/helpers/catch.h"

namespace {

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(' ');
  return first == std::string::npos ? "" : line.substr(first);
}

}  // namespace

TEST_CASE("docs/add-a-task.md shows the code that tasks/mqar.cpp has", "[docs][tasks]") {
  std::set<std::string> code;
  std::ifstream source(LONGHAUL_SOURCE_DIR "/tasks/mqar.cpp");
  for (std::string line; std::getline(source, line);) code.insert(trimmed(line));

  std::ifstream page(LONGHAUL_SOURCE_DIR "/docs/add-a-task.md");
  bool inside = false;
  int shown = 0;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("```", 0) == 0) {
      inside = line == "```cpp";
    } else if (inside && !trimmed(line).empty()) {
      INFO(line);
      CHECK(code.count(trimmed(line)) == 1);
      ++shown;
    }
  }
  CHECK(shown > 20);
}

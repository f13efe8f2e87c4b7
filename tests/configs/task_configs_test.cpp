// configs/tasks/<name>.yaml lists every option of a task as "option: default  # meaning".

#include <filesystem>
#include <fstream>
#include <regex>

#include "harness/suite/builtins.h"
#include "test_paths.h"
#include "tests/support/catch.h"

using namespace longhaul;

namespace {

std::vector<std::filesystem::path> config_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(LONGHAUL_SOURCE_DIR "/configs/tasks"))
    files.push_back(entry.path());
  return files;
}

std::vector<std::string> option_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#')
      lines.push_back(std::regex_replace(line, std::regex(" +#"), "  #"));
  return lines;
}

}  // namespace

TEST_CASE("a task's config lists every option, its default and its meaning", "[configs][tasks]") {
  const auto file = GENERATE(from_range(config_files()));
  INFO(file);
  Registry registry;
  register_builtins(registry);
  Options options;
  registry.task(file.stem()).make(options);

  std::vector<std::string> expected;
  for (const OptionInfo& info : options.declared()) {
    const std::string standard = to_text(info.standard);
    expected.push_back(info.name + ": " + (standard.empty() ? "\"\"" : standard) + "  # " +
                       info.meaning);
  }
  CHECK(option_lines(file) == expected);
}

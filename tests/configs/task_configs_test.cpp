// configs/tasks/<name>.yaml lists every option of a task as "option: default  # meaning".

#include <filesystem>

#include "core/builtins.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/option_lines.h"

using namespace longhaul;

namespace {

std::vector<std::filesystem::path> config_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(LONGHAUL_SOURCE_DIR "/configs/tasks"))
    files.push_back(entry.path());
  return files;
}

}  // namespace

TEST_CASE("a task's config lists every option, its default and its meaning", "[configs][tasks]") {
  const auto file = GENERATE(from_range(config_files()));
  INFO(file);
  Registry registry;
  register_builtins(registry);
  Options options;
  registry.task(file.stem()).make(options);

  CHECK(option_lines(file) == option_lines(options.declared()));
}

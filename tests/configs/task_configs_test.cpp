// configs/tasks/<name>.yaml lists every option of a task as "option: default  # meaning".

#include <filesystem>
#include <set>

#include "core/builtins.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/option_lines.h"

using namespace longhaul;

TEST_CASE("every task's config lists every option, its default and its meaning",
          "[configs][tasks]") {
  const std::filesystem::path folder = LONGHAUL_SOURCE_DIR "/configs/tasks";
  Registry registry;
  register_builtins(registry);
  std::set<std::filesystem::path> expected, found;
  for (const auto& [name, info] : registry.tasks()) {
    const std::filesystem::path file = folder / (name + ".yaml");
    INFO(file);
    Options options;
    info.make(options);
    CHECK(option_lines(file) == option_lines(options.declared()));
    expected.insert(file);
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found.insert(entry.path());
  CHECK(found == expected);
}

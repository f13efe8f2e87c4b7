// configs/models/<name>.yaml lists every option of a model as "option: default  # meaning";
// configs/models/published/*.yaml hold entries for a suite's `models:`.

#include <filesystem>
#include <set>

#include "core/builtins.h"
#include "harness/settings/option_check.h"
#include "harness/suite/suite.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/option_lines.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;

namespace {

namespace fs = std::filesystem;

const fs::path kFolder = LONGHAUL_SOURCE_DIR "/configs/models";

Registry builtins() {
  Registry registry;
  register_builtins(registry);
  return registry;
}

}  // namespace

TEST_CASE("every model's config lists every option, its default and its meaning",
          "[configs][models]") {
  const Registry registry = builtins();
  std::set<fs::path> expected = {kFolder / "published"}, found;
  for (const auto& [name, info] : registry.models()) {
    const fs::path file = kFolder / (name + ".yaml");
    INFO(file);
    CHECK(option_lines(file) == option_lines(check_model(info, {}, 64, {}).declared));
    expected.insert(file);
  }
  for (const auto& entry : fs::directory_iterator(kFolder)) found.insert(entry.path());
  CHECK(found == expected);
}

TEST_CASE("every published configuration loads as the models of a suite", "[configs][models]") {
  for (const auto& entry : fs::directory_iterator(kFolder / "published")) {
    INFO(entry.path());
    const TemporaryFile file("published.yaml",
                             "suite: published\nseeds: [0]\nbudget: {steps: 1}\n"
                             "tasks: [even_pairs]\n" +
                                 read_text(entry.path()));
    Registry registry = builtins();
    CHECK(load_suite(file.path(), registry).models.size() >= 3);
  }
}

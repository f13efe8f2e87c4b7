// configs/suites/published/*.yaml: recipes of papers, whole. Their models are the entries of
// configs/models/published/.

#include <filesystem>
#include <set>
#include <sstream>

#include "core/builtins.h"
#include "harness/suite/suite.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;

namespace fs = std::filesystem;

namespace {

const fs::path kConfigs = LONGHAUL_SOURCE_DIR "/configs";

// The entries "  - {name: ...}" of a file.
std::set<std::string> entries(const fs::path& file) {
  std::set<std::string> found;
  std::istringstream in(read_text(file));
  for (std::string line; std::getline(in, line);)
    if (line.rfind("  - {name: ", 0) == 0 && line.find("model: ") != std::string::npos)
      found.insert(line);
  return found;
}

}  // namespace

TEST_CASE("published suites of ListOps, which need no files, are read without a problem",
          "[configs][suite]") {
  for (const char* name : {"lru_listops", "s4d_listops", "s5_listops"}) {
    INFO(name);
    Registry registry;
    register_builtins(registry);
    const Suite suite =
        load_suite(kConfigs / "suites/published" / (name + std::string(".yaml")), registry);
    CHECK(suite.models.size() == 1);
  }
}

TEST_CASE("the models of published suites are the published models", "[configs][suite]") {
  std::set<std::string> published;
  for (const auto& entry : fs::directory_iterator(kConfigs / "models/published"))
    published.merge(entries(entry.path()));
  for (const auto& entry : fs::directory_iterator(kConfigs / "suites/published"))
    for (const std::string& model : entries(entry.path())) {
      INFO(entry.path() << "\n" << model);
      CHECK(published.count(model) == 1);
    }
}

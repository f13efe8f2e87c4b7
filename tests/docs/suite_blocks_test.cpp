// The suite files that pages show can be run: a reader copies them.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/builtins.h"
#include "core/plugin_loader.h"
#include "harness/suite/grid.h"
#include "harness/suite/suite.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;

namespace fs = std::filesystem;

namespace {

// The ```yaml blocks of a page, without plugins, which a reader has and this tree has not.
std::vector<std::string> yaml_blocks(const fs::path& page) {
  std::vector<std::string> blocks;
  std::istringstream in(read_text(page));
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("```", 0) == 0) {
      inside = line == "```yaml";
      if (inside) blocks.emplace_back();
    } else if (inside && line.rfind("plugins:", 0) != 0) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

// A block shows some keys of a suite; the others come from an ordinary one.
std::string completed(const std::string& block) {
  const bool has_test_sets = block.find("test_sets") != std::string::npos;
  const std::string ordinary[] = {
      "suite: page", "seeds: [0]", "budget: {steps: 1}", "models: [transformer]",
      has_test_sets ? "tasks: [markov_motifs]" : "tasks: [text_synthetic]"};
  std::string suite = block;
  for (const std::string& line : ordinary) {
    const std::string key = line.substr(0, line.find(' '));
    if (("\n" + block).find("\n" + key) == std::string::npos) suite += line + "\n";
  }
  return suite;
}

}  // namespace

TEST_CASE("the suite files that docs show are read without a problem", "[docs][suite]") {
  std::vector<fs::path> pages = {"docs/suites.md", "docs/contract.md"};
  for (const auto& entry : fs::directory_iterator(LONGHAUL_SOURCE_DIR "/docs/suites"))
    pages.push_back("docs/suites" / entry.path().filename());
  const TemporaryFolder folder;
  int blocks = 0;
  for (const fs::path& page : pages)
    for (const std::string& block : yaml_blocks(LONGHAUL_SOURCE_DIR / page)) {
      const std::string suite = completed(block);
      CAPTURE(page, suite);
      std::ofstream(folder.path / "page.yaml") << suite;
      Registry registry;
      register_builtins(registry);
      load_plugin(LONGHAUL_TEST_PLUGINS "/test_plugin_macro_f1.so", registry);
      CHECK_NOTHROW(grid(load_suite(folder.path / "page.yaml", registry), registry));
      ++blocks;
    }
  CHECK(blocks >= 10);
}

// The commands of docs/own-data.md, run in a folder of their own as a reader runs them.
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;

namespace fs = std::filesystem;

TEST_CASE("the commands of docs/own-data.md go from a CSV file to a table", "[docs][cli]") {
  std::istringstream page(read_text(fs::path(LONGHAUL_SOURCE_DIR) / "docs/own-data.md"));
  std::string commands =
      "set -e\nPATH='" + fs::path(LONGHAUL_PROGRAM).parent_path().string() + "':$PATH\n";
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("```", 0) == 0)
      inside = line == "```sh";
    else if (inside)
      commands += line + '\n';
  }
  const TemporaryFolder folder;
  sample::write_file(folder.path / "commands.sh", commands);
  const std::string line = "cd '" + folder.path.string() + "' && sh commands.sh >out.txt 2>err.txt";
  const int status = std::system(line.c_str());
  INFO(read_text(folder.path / "err.txt"));
  const std::string out = read_text(folder.path / "out.txt");
  INFO(out);
  CHECK(status == 0);
  CHECK(has(out, "-> up"));
  CHECK(has(out, "min_gru"));
  CHECK(has(out, "transformer"));
  CHECK(has(out, "test accuracy (of regressions R^2) in percent"));
  CHECK(has(out, "test mean absolute error"));
}

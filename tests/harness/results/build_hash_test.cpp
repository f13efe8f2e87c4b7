#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "harness/results/machine.h"
#include "support/file.h"
#include "support/say.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

// Made of a list of files below `folder`, as the build makes it.
std::string generated(const fs::path& folder, const fs::path& list) {
  const fs::path out = folder / "out.cpp";
  const std::string command = shell_command(
      {LONGHAUL_CMAKE, "-DFILES=" + list.string(), "-DSOURCE_DIR=" + folder.string(),
       "-DOUT=" + out.string(), "-P", LONGHAUL_SOURCE_DIR "/cmake/LonghaulBuildHash.cmake"});
  REQUIRE(std::system(command.c_str()) == 0);
  return read_text(out);
}

}  // namespace

TEST_CASE("build: its hash is that of the sources that compute, of tests and docs nothing",
          "[build_hash]") {
  const fs::path root = LONGHAUL_SOURCE_DIR;
  std::istringstream lines(read_text(LONGHAUL_BUILD_HASH_FILES));
  std::vector<std::string> files;
  for (std::string file; std::getline(lines, file);) {
    CHECK(fs::exists(root / file));
    files.push_back(file);
  }
  const auto has = [&](const std::string& file) {
    return std::find(files.begin(), files.end(), file) != files.end();
  };
  for (const char* file :
       {"include/longhaul/ops.h", "support/hash.cpp", "math/ops/reduce.cpp", "core/batch.cpp",
        "models/transformer.cpp", "tasks/mqar.cpp", "harness/settings/settings.cpp",
        "harness/data/batches.cpp", "harness/model/model.cpp", "harness/train/trainer.cpp"})
    CHECK(has(file));
  for (const std::string& file : files)
    for (const char* room : {"tests/", "docs/", "bench/", "harness/cli/", "harness/run/",
                             "harness/tables/", "harness/report/"})
      CHECK_FALSE(file.starts_with(room));
  CHECK(longhaul_build().size() == 16);
}

TEST_CASE("build: a comment changes its hash, a file that is not listed does not", "[build_hash]") {
  const TemporaryFolder folder;
  const fs::path list = folder.path / "list.txt", source = folder.path / "math" / "a.cpp";
  fs::create_directories(folder.path / "math");
  write_atomically(list, "math/a.cpp\nmath/b.h\n");
  write_atomically(source, "int a;\n");
  write_atomically(folder.path / "math" / "b.h", "int b;\n");
  fs::create_directories(folder.path / "docs");
  const std::string before = generated(folder.path, list);
  CHECK(before.find("longhaul_build()") != std::string::npos);
  write_atomically(folder.path / "docs" / "page.md", "words");
  CHECK(generated(folder.path, list) == before);
  write_atomically(source, "int a;  // now explained\n");
  CHECK(generated(folder.path, list) != before);
  write_atomically(source, "int a;\n");
  CHECK(generated(folder.path, list) == before);
}

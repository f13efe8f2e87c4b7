#include "harness/data/data_content.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

void write(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
  // Later than any write before it: the clock of a file system may stand still for milliseconds.
  static auto time = fs::last_write_time(file);
  fs::last_write_time(file, time += std::chrono::seconds(1));
}

}  // namespace

TEST_CASE("data: its content is the same wherever it stands, and another once a byte changes",
          "[data_content]") {
  const TemporaryFolder folder;
  const fs::path a = folder.path / "a", b = folder.path / "elsewhere" / "b";
  for (const fs::path& place : {a, b}) {
    write(place / "train" / "1.txt", "one");
    write(place / "test.tsv", "two");
  }
  const std::string content = data_content(a);
  CHECK(content.starts_with("6-"));
  CHECK(data_content(b) == content);
  CHECK(data_content(a / "test.tsv") == data_content(b / "test.tsv"));
  write(b / ".cache" / "sizes", "made on the way");
  CHECK(data_content(b) == content);

  write(b / "test.tsv", "tvo");
  CHECK(data_content(b) != content);
  write(b / "test.tsv", "two");
  CHECK(data_content(b) == content);
  fs::rename(b / "test.tsv", b / "validation.tsv");
  CHECK(data_content(b) != content);
  CHECK_THROWS_WITH(data_content(folder.path / "none"), Contains("none: cannot be read: No such"));
}

TEST_CASE("data: options that are paths have a content, others have none", "[data_content]") {
  const TemporaryFolder folder;
  write(folder.path / "text.txt", "abc");
  Options options({{"file", (folder.path / "text.txt").string()}});
  options.path("file", "", "any file");
  options.path("other", "", "a second file");
  options.text("name", "plain", "no file");
  const OptionMap contents = contents_of(options.declared(), options.resolved());
  REQUIRE(contents.size() == 1);
  CHECK(to_text(contents.at("file")).starts_with("3-"));
}

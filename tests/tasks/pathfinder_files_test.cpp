// pathfinder as it reads a release's files.
#include <set>

#include "longhaul/error.h"
#include "tasks/files/pathfinder_files.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

struct PathfinderFolder : TemporaryFolder {
  explicit PathfinderFolder(int side = 16) { sample::write_pathfinder(path, 80, side); }
  std::unique_ptr<Task> task(bool skip = false) const {
    return make_task("pathfinder", {{"data", path.string()}, {"skip_unreadable", skip}});
  }
  fs::path picture(int i) const {
    return path / "imgs" / "0" / ("sample_" + std::to_string(i) + ".png");
  }
  fs::path metadata() const { return path / "metadata" / "0.npy"; }
};

int64_t total(const Task& task) {
  return task.count(Split::train) + task.count(Split::validation) + task.count(Split::test);
}

// The error of the first picture that cannot be read.
std::string complaint_of_pictures(const Task& task) {
  try {
    for (Split split : {Split::train, Split::validation, Split::test})
      for (int64_t i = 0; i < task.count(split); ++i) task.at(split, i);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("pathfinder: pixels and label of a file's picture are the example",
          "[tasks][pathfinder][files]") {
  const PathfinderFolder folder;
  std::vector<uint8_t> gray(256, 0);
  gray[1] = 255;
  gray[16] = 7;
  sample::write_file(folder.picture(0), sample::png(gray, 16, 16));
  std::string rows;
  for (int i = 0; i < 80; ++i)  // one picture under label 1, so that it is found again
    rows +=
        "imgs/0 sample_" + std::to_string(i) + (i == 0 ? ".png 0 1" : ".png 0 0") + " 1.0 14\r\n";
  sample::write_file(folder.metadata(), rows);
  const auto task = folder.task();
  CHECK(total(*task) == 80);
  int found = 0;
  for (Split split : {Split::train, Split::validation, Split::test})
    for (int64_t i = 0; i < task->count(split); ++i) {
      const Example example = task->at(split, i);
      if (example.targets[0] == 0) continue;
      ++found;
      REQUIRE(example.tokens.size() == 256);
      CHECK(example.tokens[0] == 1);
      CHECK(example.tokens[1] == 256);
      CHECK(example.tokens[16] == 8);
    }
  CHECK(found == 1);
}

TEST_CASE("pathfinder: files say how large pictures are, whatever option size is",
          "[tasks][pathfinder][files]") {
  for (int side : {16, 32, 64}) {
    const PathfinderFolder folder(side);
    const auto task = folder.task();
    CHECK(task->max_length() == side * side);
    const Example example = task->at(Split::train, 0);
    CHECK(example.tokens.size() == side * side);
    CHECK(task->shallow(example, 0).key >= 0);
  }
}

TEST_CASE("pathfinder: a tenth each validates and tests, by name and not by order",
          "[tasks][pathfinder][files]") {
  const PathfinderFolder folder;
  const auto task = folder.task();
  CHECK(task->count(Split::validation) >= 1);
  CHECK(task->count(Split::test) >= 1);
  CHECK(task->count(Split::train) >= 50);
  std::multiset<std::vector<int32_t>> before, after;
  for (int64_t i = 0; i < task->count(Split::test); ++i)
    before.insert(task->at(Split::test, i).tokens);
  std::string rows = read_text(folder.metadata());
  const auto middle = rows.find("imgs/0 sample_40.png");
  sample::write_file(folder.metadata(), rows.substr(middle) + rows.substr(0, middle));
  const auto turned = folder.task();
  for (int64_t i = 0; i < turned->count(Split::test); ++i)
    after.insert(turned->at(Split::test, i).tokens);
  CHECK(after == before);
}

TEST_CASE("pathfinder: missing and empty pictures are listed, or skipped if the user says so",
          "[tasks][pathfinder][files]") {
  const PathfinderFolder folder;
  fs::remove(folder.picture(3));
  sample::write_file(folder.picture(5), "");
  CHECK_THROWS_WITH(folder.task(), Contains("2 pictures are missing or empty") &&
                                       Contains("imgs/0/sample_3.png imgs/0/sample_5.png"));
  sample::write_file(folder.picture(7), "no picture");
  sample::write_file(folder.picture(8), read_text(folder.picture(9)).substr(0, 100));
  CHECK(total(*folder.task(true)) == 76);
}

TEST_CASE("pathfinder: a damaged picture is named when it is read", "[tasks][pathfinder][files]") {
  const PathfinderFolder folder;
  const std::string whole = read_text(folder.picture(4));
  const auto says = [&](const std::string& content, const std::string& expected) {
    sample::write_file(folder.picture(4), content);
    CHECK_THAT(complaint_of_pictures(*folder.task()),
               Contains("imgs/0/sample_4.png: ") && Contains(expected));
  };
  says(whole.substr(0, whole.size() / 2), "is a damaged PNG picture");
  says(std::string(300, '\xfe'), "is no PNG picture");
  says(sample::png(std::vector<uint8_t>(32 * 32), 32, 32), "is 32 x 32 pixels, but the first");
  says(sample::png(std::vector<uint8_t>(16 * 32), 16, 32), "is 16 x 32 pixels, allowed: squares");
  std::string zero = whole;
  for (int i = 16; i < 24; ++i) zero[i] = 0;  // width and height
  says(zero, "is no PNG picture");
  says(std::string(5 << 20, 'x'), "has 5242880 bytes, allowed: 4194304");
}

TEST_CASE("pathfinder: what is wrong with the metadata is named with its line",
          "[tasks][pathfinder][files]") {
  const PathfinderFolder folder;
  const std::string good = "imgs/0 sample_0.png 0 1 1.0 14\n";
  const auto says = [&](const std::string& rows, const std::string& expected) {
    sample::write_file(folder.metadata(), rows);
    CHECK_THROWS_WITH(folder.task(), Contains("metadata/0.npy:" + expected));
  };
  says(good + "imgs/0 sample_1.png 1 2 1.0\n", "2: found 'imgs/0 sample_1.png 1 2 1.0', allowed:");
  says(good + "imgs/0 sample_1.png\n", "2: found 'imgs/0 sample_1.png', allowed: folder, file");
  says("../other sample_1.png 1 1\n", "1: found '../other sample_1.png 1 1', allowed:");
  says("/etc passwd 1 1\n", "1: found '/etc passwd 1 1', allowed:");
  says("\x93NUMPY\x01 and so on", " is a NumPy array, allowed: text as in the release");
  says(good + "imgs/0 sam", "2: has no line end: the file was cut off");
}

TEST_CASE("pathfinder: a folder of another layout is told what is missing",
          "[tasks][pathfinder][files]") {
  const PathfinderFolder folder;
  CHECK_THROWS_WITH(make_task("pathfinder", {{"data", (folder.path / "imgs").string()}}),
                    Contains("has no folder imgs, allowed: one that holds imgs/ and metadata/"));
  fs::remove(folder.metadata());
  CHECK_THROWS_WITH(folder.task(), Contains("metadata: holds no *.npy file"));
}

TEST_CASE("pathfinder: pictures of other kinds are refused", "[tasks][pathfinder][files]") {
  CHECK_THROWS_WITH(pathfinder::decode_png(""), Contains("is empty"));
  CHECK_THROWS_WITH(pathfinder::decode_png(sample::png(std::vector<uint8_t>(300 * 300), 300, 300)),
                    Contains("is 300 x 300 pixels, allowed: squares of 16 | 32 | 64 | 128 | 256"));
}

TEST_CASE("pathfinder: in a release's top folder, difficulty says which pictures are meant",
          "[tasks][pathfinder][files]") {
  const TemporaryFolder top;
  sample::write_pathfinder(top.path / "curv_baseline", 40, 16);
  sample::write_pathfinder(top.path / "curv_contour_length_14", 80, 16);
  const auto pictures = [&](const std::string& difficulty) {
    return total(
        *make_task("pathfinder", {{"data", top.path.string()}, {"difficulty", difficulty}}));
  };
  CHECK(pictures("easy") == 40);
  CHECK(pictures("hard") == 80);
  CHECK_THROWS_WITH(pictures("medium"), Contains("metadata"));
  CHECK_THROWS_WITH(pictures("mixed"),
                    Contains("difficulty: found 'mixed', allowed with data: easy | medium | hard"));
}

#include <set>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

struct TextFolder : TemporaryFolder {
  TextFolder() { sample::write_text(path, 60); }
  std::unique_ptr<Task> task(OptionMap options = {}) const {
    options["data"] = path.string();
    return make_task("text", options);
  }
};

std::set<std::vector<int32_t>> inputs(const Task& task, Split split) {
  std::set<std::vector<int32_t>> all;
  for (int64_t i = 0; i < task.count(split); ++i) all.insert(task.at(split, i).tokens);
  return all;
}

}  // namespace

TEST_CASE("text: a folder that is no text, or that only a shell can resolve, is refused",
          "[tasks][files]") {
  const auto complaint = [](const OptionValue& data) {
    try {
      make_task("text", {{"data", data}});
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  CHECK_THAT(complaint(int64_t{7}),
             Contains("data: found the integer 7, allowed: a path; in quotes"));
  CHECK_THAT(complaint(1e3), Contains("data: found the number 1000, allowed: a path"));
  CHECK_THAT(complaint(true), Contains("data: found the flag true, allowed: a path"));
  CHECK_THAT(complaint("~/imdb"), Contains("data: found '~/imdb', which only a shell can resolve"));
  CHECK_THAT(complaint("~"), Contains("data: found '~', which only a shell"));
  CHECK_THAT(complaint("~/imdb"), !Contains("not set"));
  CHECK_THAT(complaint("./~"), Contains("./~"));
}

TEST_CASE("text: without a folder it says which files it wants and what needs none",
          "[tasks][text]") {
  CHECK_THROWS_WITH(make_task("text"), Contains("data: not set, allowed: a folder of") &&
                                           Contains("{train,test}/{pos,neg}/*.txt") &&
                                           Contains("text_synthetic needs no files"));
}

TEST_CASE("text: bytes become ids from 1 and the folder is the label", "[tasks][text]") {
  const TextFolder folder;
  fs::remove_all(folder.path / "test");
  sample::write_file(folder.path / "test" / "pos" / "0_9.txt", "Good!\n");
  sample::write_file(folder.path / "test" / "neg" / "0_1.txt", "Bad!\xff");
  const auto task = folder.task();
  REQUIRE(task->count(Split::test) == 2);
  CHECK(task->at(Split::test, 0).tokens == std::vector<int32_t>{67, 98, 101, 34, 256});
  CHECK(task->at(Split::test, 0).targets[0] == 0);
  CHECK(task->at(Split::test, 1).targets[0] == 1);
  CHECK(task->show(task->at(Split::test, 0)) == "Bad!\\xff\nnegative\n");
  CHECK(task->show(task->at(Split::test, 1)) == "Good!\\x0a\npositive\n");
}

TEST_CASE("text: validation is carved from training by content, whatever the files are called",
          "[tasks][text]") {
  const TextFolder folder;
  const auto task = folder.task();
  CHECK(task->count(Split::train) + task->count(Split::validation) == 120);
  CHECK(task->count(Split::validation) >= 2);
  CHECK(task->count(Split::validation) <= 30);
  CHECK(task->count(Split::test) == 120);
  const auto validation = inputs(*task, Split::validation);
  fs::rename(folder.path / "train" / "pos" / "0_7.txt", folder.path / "train" / "pos" / "z.txt");
  CHECK(inputs(*folder.task(), Split::validation) == validation);
}

TEST_CASE("text: a shorter max_length cuts reviews but moves none to another split",
          "[tasks][text]") {
  const TextFolder folder;
  const auto whole = inputs(*folder.task(), Split::validation);
  const auto cut = inputs(*folder.task({{"max_length", int64_t{25}}}), Split::validation);
  std::set<std::vector<int32_t>> beginnings;
  for (std::vector<int32_t> tokens : whole) {
    tokens.resize(std::min<std::size_t>(tokens.size(), 25));
    beginnings.insert(tokens);
  }
  for (const std::vector<int32_t>& tokens : cut) CHECK(beginnings.count(tokens) == 1);
  CHECK(!cut.empty());
}

TEST_CASE("text: a review of the test set is not trained on", "[tasks][text]") {
  const TextFolder folder;
  const auto before = folder.task();
  const std::string review = read_text(folder.path / "test" / "neg" / "3_7.txt");
  sample::write_file(folder.path / "train" / "pos" / "copy.txt", review);
  const auto after = folder.task();
  CHECK(after->count(Split::train) == before->count(Split::train));
  CHECK(after->count(Split::validation) == before->count(Split::validation));
  CHECK(after->count(Split::test) == 120);
}

TEST_CASE("text: what is wrong with the files is named", "[tasks][text]") {
  const TextFolder folder;
  sample::write_file(folder.path / "train" / "neg" / "5_7.txt", "");
  CHECK_THROWS_WITH(folder.task(), Contains("train/neg/5_7.txt: is empty, allowed: a review"));
  sample::write_file(folder.path / "train" / "neg" / "5_7.txt", std::string(2 << 20, 'x'));
  CHECK_THROWS_WITH(folder.task(), Contains("5_7.txt: has 2097152 bytes, allowed: 1048576"));
  fs::remove_all(folder.path / "train" / "neg");
  CHECK_THROWS_WITH(folder.task(), Contains("train/neg: cannot be read as a folder: No such file"));
  fs::create_directory(folder.path / "train" / "neg");
  CHECK_THROWS_WITH(folder.task(), Contains("train/neg: holds no *.txt file"));
}

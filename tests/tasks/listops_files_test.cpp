// listops as it reads a release's files.
#include <set>

#include "longhaul/error.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// A folder whose test file holds these rows; the other two are good.
struct ListOpsFolder : TemporaryFolder {
  explicit ListOpsFolder(const std::string& test_rows,
                         const std::string& header = "Source\tTarget") {
    sample::write_listops(path, 20);
    sample::write_file(path / "basic_test.tsv", header + "\r\n" + test_rows);
  }
  OptionMap options() const { return {{"data", path.string()}}; }
  std::string complaint() const {
    try {
      make_task("listops", options());
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
};

}  // namespace

TEST_CASE("listops: a row of a file and its expression generated have the same ids",
          "[tasks][listops][files]") {
  for (const std::string end : {"\r\n", "\n"}) {
    const ListOpsFolder folder("( ( ( ( ( [MAX 2 ) 9 ) ( ( ( [MIN 4 ) 7 ) ] ) ) 0 ) ] )\t9" + end);
    const auto task = make_task("listops", folder.options());
    REQUIRE(task->count(Split::test) == 1);
    const Example example = task->at(Split::test, 0);
    CHECK(example.tokens == std::vector<int32_t>{2, 7, 14, 1, 9, 12, 15, 5, 15});
    CHECK(example.targets == std::vector<int32_t>{9});
    CHECK(task->show(example) == "[MAX 2 9 [MIN 4 7 ] 0 ] = 9\n");
  }
}

TEST_CASE("listops: a row has the same ids in whichever split's file it stands",
          "[tasks][listops][files]") {
  const std::string rows = sample::listops_rows(10, 77);
  std::vector<std::vector<Example>> read;
  for (const auto& [split, name] :
       {std::pair{Split::train, "basic_train.tsv"}, std::pair{Split::validation, "basic_val.tsv"},
        std::pair{Split::test, "basic_test.tsv"}}) {
    const ListOpsFolder folder("( ( ( [SM 8 ) 9 ) ] )\t7\r\n");
    sample::write_file(folder.path / name, rows);
    const auto task = make_task("listops", folder.options());
    REQUIRE(task->count(split) == 10);
    read.emplace_back();
    for (int64_t i = 0; i < 10; ++i) read.back().push_back(task->at(split, i));
  }
  for (int i = 0; i < 10; ++i) {
    CHECK(read[0][i].tokens == read[2][i].tokens);
    CHECK(read[1][i].tokens == read[2][i].tokens);
    CHECK(read[1][i].targets == read[2][i].targets);
  }
}

TEST_CASE("listops: rows of the real release are read whole", "[tasks][listops][files]") {
  const ListOpsFolder folder("");
  std::filesystem::copy_file(LONGHAUL_SOURCE_DIR "/tests/data/listops/basic_test.tsv",
                             folder.path / "basic_test.tsv",
                             std::filesystem::copy_options::overwrite_existing);
  const auto task = make_task("listops", folder.options());
  CHECK(task->count(Split::test) == 4);
  int64_t longest = 0;
  for (int64_t i = 0; i < 4; ++i)
    longest = std::max<int64_t>(longest, task->at(Split::test, i).tokens.size());
  CHECK(longest > 500);
  CHECK(task->max_length() == longest);
}

TEST_CASE("listops: options of the generator do not hinder reading files",
          "[tasks][listops][files]") {
  const ListOpsFolder folder("( ( ( [SM 8 ) 9 ) ] )\t7\r\n");
  OptionMap options = folder.options();
  options["max_depth"] = int64_t{2};
  options["min_length"] = int64_t{500};  // no generated expression would be as long
  CHECK_NOTHROW(make_task("listops", options));
}

TEST_CASE("listops: an expression of the test file is in no other split",
          "[tasks][listops][files]") {
  const std::string row = "( ( ( [SM 8 ) 9 ) ] )\t7\r\n", other = "( ( ( [SM 1 ) 2 ) ] )\t3\r\n";
  const ListOpsFolder folder(row + row);
  sample::write_file(folder.path / "basic_train.tsv", "Source\tTarget\r\n" + row + other);
  const auto task = make_task("listops", folder.options());
  CHECK(task->count(Split::test) == 2);  // stays as published
  REQUIRE(task->count(Split::train) == 1);
  CHECK(task->at(Split::train, 0).targets[0] == 3);
}

TEST_CASE("listops: what is wrong with a file is named with its line", "[tasks][listops][files]") {
  const std::string good = "( ( ( [SM 8 ) 9 ) ] )\t7\r\n";
  const auto says = [&](const std::string& rows, const std::string& expected) {
    CHECK_THAT(ListOpsFolder(rows).complaint(), Contains("basic_test.tsv:" + expected));
  };
  says(good + "( ( ( [SM 8 ) 9 ) ] )\r\n", "3: found no tab, allowed: expression, tab, target");
  says(good + "( ( ( [SM 8 ) 9 ) ] )\t10\r\n", "3: found the target '10', allowed: 0 .. 9");
  says("( ( ( [SM 8 ) 9 ) ] )\t7\r\r\n", "2: found the target '7\\x0d', allowed: 0 .. 9");
  says("( ( ( [SM 8 ) 9 ) ] )\t6\r\n", "2: found the target 6, but the expression's value is 7");
  says("( ( ( [SUM 8 ) 9 ) ] )\t7\r\n", "2: found '[SUM', allowed: [MIN [MAX [MED [SM ] ( ) and");
  says("( ( ( [SM 8 ) \xff ) ] )\t7\r\n", "2: found '\\xff', allowed:");
  says("[SM 8 9\t7\r\n", "2: 1 operators are not closed");
  says("[SM ]\t0\r\n", "2: an operator has no argument");
  says("8 ]\t0\r\n", "2: a ] closes no operator");
  says("8 9\t8\r\n", "2: found 2 expressions, allowed: one");
  says("\t0\r\n", "2: found 0 expressions, allowed: one");
  says(good + good.substr(0, 12), "3: has no line end: the file was cut off");
  says(std::string("[SM\0 8 ]\t8\n", 11), "2: holds a zero byte: not a text file");
  says(std::string(20 << 20, 'x'), "2: is longer than 16777216 bytes");
  CHECK_THAT(ListOpsFolder(good, "Source,Target").complaint(),
             Contains("basic_test.tsv:1: found 'Source,Target', allowed: the header Source<TAB>"));
  CHECK_THAT(ListOpsFolder("").complaint(), Contains("none is left for the test split"));
}

TEST_CASE("listops: a missing folder or file is named", "[tasks][listops][files]") {
  CHECK_THROWS_WITH(make_task("listops", {{"data", "/no/such/folder"}}),
                    Contains("/no/such/folder/basic_train.tsv: cannot be opened: No such file"));
  const ListOpsFolder folder("");
  std::filesystem::remove(folder.path / "basic_val.tsv");
  CHECK_THAT(folder.complaint(), Contains("basic_val.tsv: cannot be opened"));
  std::filesystem::create_directory(folder.path / "basic_val.tsv");
  CHECK_THAT(folder.complaint(), Contains("basic_val.tsv: is not a regular file"));
}

TEST_CASE("listops: a file that shrinks while it is in use is an error, not a crash",
          "[tasks][listops][files]") {
  const ListOpsFolder folder("( ( ( [SM 8 ) 9 ) ] )\t7\r\n");
  const auto task = make_task("listops", folder.options());
  std::filesystem::resize_file(folder.path / "basic_test.tsv", 20);
  CHECK_THROWS_WITH(task->at(Split::test, 0), Contains("basic_test.tsv: ends at byte 20, but had"));
}

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// A folder whose test file holds these rows; the other two are good.
struct PairsFolder : TemporaryFolder {
  explicit PairsFolder(const std::string& test_rows) {
    sample::write_retrieval(path, 20);
    sample::write_file(path / "new_aan_pairs.test.tsv", test_rows);
  }
  std::unique_ptr<Task> task(OptionMap options = {}) const {
    options["data"] = path.string();
    return make_task("retrieval", options);
  }
  std::string complaint() const {
    try {
      task();
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
};

}  // namespace

TEST_CASE("retrieval: without a folder it says which files it wants and what needs none",
          "[tasks][retrieval]") {
  CHECK_THROWS_WITH(make_task("retrieval"), Contains("new_aan_pairs.{train,eval,test}.tsv") &&
                                                Contains("retrieval_synthetic needs no files"));
}

TEST_CASE("retrieval: a row is a label and two texts, whatever quotes stand in them",
          "[tasks][retrieval]") {
  const PairsFolder folder(
      "1.0\tP1\tP2\tAb\tc\n"
      "0.0\tP3\tP4\t\"stray\tit's \"\"\n"
      "1\tP5\tP6\t\tx\r\n");
  const auto task = folder.task();
  CHECK(task->readout() == Readout::pair);
  REQUIRE(task->count(Split::test) == 3);
  const Example first = task->at(Split::test, 0);
  CHECK(first.tokens == std::vector<int32_t>{66, 99});
  CHECK(first.second == std::vector<int32_t>{100});
  CHECK(first.targets == std::vector<int32_t>{1});
  const Example stray = task->at(Split::test, 1);
  CHECK(task->show(stray) == "first   \"stray\nsecond  it's \"\"\nunrelated\n");
  const Example empty = task->at(Split::test, 2);  // an empty text has a symbol too
  CHECK(empty.tokens == std::vector<int32_t>{' ' + 1});
  CHECK(empty.second == std::vector<int32_t>{'x' + 1});
}

TEST_CASE("retrieval: each text is cut at max_length", "[tasks][retrieval]") {
  const PairsFolder folder("1.0\tP1\tP2\tabcdef\txy\n");
  CHECK(folder.task()->max_length() == 4000);
  const Example example = folder.task({{"max_length", int64_t{3}}})->at(Split::test, 0);
  CHECK(example.tokens.size() == 3);
  CHECK(example.second.size() == 2);
}

TEST_CASE("retrieval: a pair of the test file is left out of training", "[tasks][retrieval]") {
  const PairsFolder folder(sample::retrieval_rows(6, 1));  // the first rows of training
  const auto task = folder.task();
  CHECK(task->count(Split::test) == 6);
  CHECK(task->count(Split::train) == 14);
}

TEST_CASE("retrieval: documents of the same bytes lie at distance 0, of none in common at 100",
          "[tasks][retrieval]") {
  const PairsFolder folder("1.0\ta\tb\tabab\tbbaa\n0.0\ta\tb\txx\tyyy\n");
  const auto task = folder.task();
  CHECK(task->shallow(task->at(Split::test, 0), 0).key == 0);
  CHECK(task->shallow(task->at(Split::test, 1), 0).key == 100);
}

TEST_CASE("retrieval: what is wrong with a file is named with its line", "[tasks][retrieval]") {
  const std::string good = "1.0\tP1\tP2\tAb\tc\n";
  const auto says = [&](const std::string& rows, const std::string& expected) {
    CHECK_THAT(PairsFolder(rows).complaint(), Contains("new_aan_pairs.test.tsv:" + expected));
  };
  says(good + "1.0\tP1\tP2\tAb\n", "2: found 4 fields, allowed: 5 (label, id, id, text, text)");
  says(good + "1.0\tP1\tP2\tA\tb\tc\n", "2: found 6 fields, allowed: 5");
  says(good + "\n", "2: found 1 fields, allowed: 5");
  says("2.0\tP1\tP2\tAb\tc\n", "1: found the label '2.0', allowed: 0.0 or 1.0");
  says("label\tid1\tid2\ttext1\ttext2\n", "1: found the label 'label', allowed: 0.0 or 1.0");
  says(good + good.substr(0, 10), "2: has no line end: the file was cut off");
  says(std::string("1.0\tP1\tP2\tA\0\tc\n", 15), "1: holds a zero byte: not a text file");
  CHECK_THROWS_WITH(make_task("retrieval", {{"data", "/no/such"}}),
                    Contains("/no/such/new_aan_pairs.train.tsv: cannot be opened"));
}

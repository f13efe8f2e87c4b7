#include <cmath>
#include <map>
#include <set>

#include "longhaul/error.h"
#include "tasks/files/series_file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const std::string kHead = "@timeStamps false\n@classLabel true left right\n@data\n";

series::File read(const std::string& name, const std::string& content) {
  const TemporaryFolder folder;
  sample::write_file(folder.path / name, content);
  return series::read(data::DataFile(folder.path / name));
}

std::string error_of(const std::string& name, const std::string& content) {
  try {
    read(name, content);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

OptionMap options(const fs::path& folder) { return {{"data", folder.string()}}; }

}  // namespace

TEST_CASE("series: a line of a .ts file is channels and a class", "[tasks][series]") {
  const series::File file = read("a.ts", kHead + "1,2,3:4,?,6:left\n-1.5,NaN:7:right\n");
  CHECK(file.classes == std::vector<std::string>{"left", "right"});
  CHECK(file.channels == 2);
  REQUIRE(file.series.size() == 2);
  const auto& first = file.series[0].values;
  CHECK(file.series[0].label == 0);
  REQUIRE(first.size() == 6);
  CHECK((first[0] == 1 && first[1] == 4 && first[2] == 2 && first[4] == 3 && first[5] == 6));
  CHECK(std::isnan(first[3]));
  const auto& second = file.series[1].values;  // of its longest channel's length
  REQUIRE(second.size() == 4);
  CHECK((second[0] == -1.5f && second[1] == 7 && std::isnan(second[2]) && std::isnan(second[3])));
}

TEST_CASE("series: .arff says the same as .ts, with one channel and with several",
          "[tasks][series]") {
  const series::File ts = read("a.ts", sample::ts_file(40, 3));
  const series::File arff = read("a.arff", sample::arff_file(40, 3));
  CHECK(arff.classes == ts.classes);
  CHECK(arff.channels == ts.channels);
  REQUIRE(arff.series.size() == ts.series.size());
  for (std::size_t i = 0; i < ts.series.size(); ++i) {
    CHECK(arff.series[i].label == ts.series[i].label);
    REQUIRE(arff.series[i].values.size() == ts.series[i].values.size());
    for (std::size_t v = 0; v < ts.series[i].values.size(); ++v) {
      const float a = arff.series[i].values[v], b = ts.series[i].values[v];
      CHECK((a == b || (std::isnan(a) && std::isnan(b))));
    }
  }
  const series::File one = read("a.arff",
                                "@relation x\n@attribute a numeric\n@attribute b numeric\n"
                                "@attribute target {1, 2}\n@data\n0.5,2e1,2\n?,1,1\n");
  CHECK(one.channels == 1);
  CHECK(one.series[0].values == std::vector<float>{0.5f, 20});
  CHECK(one.series[0].label == 1);
}

TEST_CASE("series: a defect names the file, the line and what is allowed", "[tasks][series]") {
  const auto ts = [](const std::string& rows) { return error_of("a.ts", kHead + rows); };
  CHECK_THAT(ts("1,x:left\n"), Contains("a.ts:4: found 'x', allowed: a number, ? or NaN"));
  CHECK_THAT(ts("1,2:up\n"), Contains("a.ts:4: found the class 'up', allowed: left | right"));
  CHECK_THAT(ts("1:2:left\n1:left\n"), Contains("a.ts:5: has 1 channels, those before 2"));
  CHECK_THAT(ts("1,2\n"), Contains("channels and a class, with : between"));
  CHECK_THAT(ts("1,,2:left\n"), Contains("found ''"));
  CHECK_THAT(ts("1,1e99:left\n"), Contains("found '1e99'"));
  CHECK_THAT(ts("1,+-2:left\n"), Contains("found '+-2'"));
  CHECK_THAT(ts("1:left"), Contains("was cut off"));
  CHECK_THAT(ts(""), Contains("has no series after @data"));
  CHECK_THAT(error_of("a.ts", "@classLabel true a b\n"), Contains("has no line @data"));
  CHECK_THAT(error_of("a.ts", "@timeStamps true\n@data\n"), Contains("has time stamps"));
  CHECK_THAT(error_of("a.ts", "@targetLabel true\n@data\n"), Contains("numbers as answers"));
  CHECK_THAT(error_of("a.ts", "@data\n"), Contains("no line before it names the classes"));
  CHECK_THAT(error_of("a.ts", "@classLabel true a\n"), Contains("names 1 classes"));
  CHECK_THAT(error_of("a.ts", "1,2:left\n"), Contains("allowed before @data: lines of @"));
  CHECK_THAT(error_of("a.csv", "1\n"), Contains("end in .ts or .arff"));
  CHECK_THAT(error_of("a.arff", "@attribute x relational\n@attribute c {a,b}\n@data\n1,2,a\n"),
             Contains("the channels in quotes"));
}

TEST_CASE("series: a number is what it says, or refused by its place", "[tasks][series]") {
  const series::File file = read("a.ts", kHead + "+5, 5 ,.5,5.,1e3,-0,007:left\n");
  CHECK(file.series[0].values == std::vector<float>{5, 5, 0.5f, 5, 1000, 0, 7});
  const std::string arff = "@relation x\n@attribute a numeric\n@attribute target {1, 2}\n@data\n";
  for (const std::string word :
       {"5_000", "0x10", "1e400", "inf", "-inf", "5e", "--5", "\u0665", "\uff15"}) {
    INFO(word);
    const std::string found = "found " + data::quoted(word) + ", allowed: a number, ? or NaN";
    CHECK_THAT(error_of("a.ts", kHead + "1," + word + ":left\n"), Contains("a.ts:4: " + found));
    CHECK_THAT(error_of("a.arff", arff + word + ",1\n"), Contains("a.arff:5: " + found));
  }
}

TEST_CASE("series: normalized channels have mean 0 and deviation 1 over training",
          "[tasks][series]") {
  const TemporaryFolder folder;
  sample::write_series(folder.path, 200);
  const auto task = make_task("series", options(folder.path));
  CHECK(task->channels() == 2);
  CHECK(task->classes() == 2);
  CHECK(task->max_length() == 9);
  double sum[2] = {}, squares[2] = {};
  std::size_t steps = 0;
  std::set<std::size_t> lengths;
  for (int64_t i = 0; i < task->count(Split::train); ++i) {
    const Example example = task->at(Split::train, i);
    lengths.insert(example.values.size() / 2);
    for (std::size_t v = 0; v < example.values.size(); ++v) {
      REQUIRE(std::isfinite(example.values[v]));
      sum[v % 2] += example.values[v];
      squares[v % 2] += double{example.values[v]} * example.values[v];
    }
    steps += example.values.size() / 2;
  }
  CHECK(lengths.size() == 7);   // 3 .. 9, as they are
  for (int channel : {0, 1}) {  // missing values, filled, move it a little
    CHECK(std::abs(sum[channel] / static_cast<double>(steps)) < .1);
    CHECK(squares[channel] / static_cast<double>(steps) == Approx(1).margin(.1));
  }
}

TEST_CASE("series: a missing value is the one before it, at the start the mean",
          "[tasks][series]") {
  const TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += std::to_string(i) + ",2,3:left\n";
  sample::write_file(folder.path / "X_TRAIN.ts", kHead + rows);
  sample::write_file(folder.path / "X_TEST.ts", kHead + "?,7,?,?,8:right\n");
  OptionMap given = options(folder.path);
  given["normalize"] = false;
  const Example raw = make_task("series", given)->at(Split::test, 0);
  CHECK(raw.values[0] == Approx(8.5).margin(1.5));
  CHECK(std::vector<float>(raw.values.begin() + 1, raw.values.end()) ==
        std::vector<float>{7, 7, 7, 8});
  CHECK(make_task("series", options(folder.path))->at(Split::test, 0).values[0] == 0);
}

TEST_CASE("series: merged splits are 70, 15 and 15 percent in the order of the seed",
          "[tasks][series]") {
  const TemporaryFolder folder;
  sample::write_series(folder.path, 132);  // and 67
  OptionMap given = options(folder.path);
  given["splits"] = std::string("merged");
  given["normalize"] = false;
  const auto task = make_task("series", given);
  CHECK(std::abs(task->count(Split::train) - 139) <= 2);  // but for series that come twice
  CHECK(std::abs(task->count(Split::validation) - 30) <= 1);
  CHECK(task->count(Split::test) == 30);
  CHECK(make_task("series", given)->at(Split::test, 3).values == task->at(Split::test, 3).values);
  given["split_seed"] = int64_t{3456};
  CHECK(make_task("series", given)->at(Split::test, 3).values != task->at(Split::test, 3).values);
}

TEST_CASE("series: the folder holds one training and one test file", "[tasks][series]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(make_task("series"), Contains("data: not set"));
  CHECK_THROWS_WITH(make_task("series", options(folder.path)),
                    Contains("holds 0 files *_TRAIN.ts or *_TRAIN.arff, allowed: one"));
  sample::write_file(folder.path / "A_TRAIN.arff", sample::arff_file(40, 1));
  sample::write_file(folder.path / "ADimension1_TRAIN.arff", "not read");
  sample::write_file(folder.path / "A_TEST.arff", sample::arff_file(10, 2));
  CHECK(make_task("series", options(folder.path))->count(Split::test) == 10);
  sample::write_file(folder.path / "A_TEST.ts", "@classLabel true b a\n@data\n1:2:a\n");
  CHECK_THROWS_WITH(make_task("series", options(folder.path)), Contains("names other classes"));
}

// The task files, where answers are real numbers.
#include <cmath>

#include "harness/check/task_conformance.h"
#include "harness/data/baselines.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<Task> regression_on(const std::string& content, OptionMap options) {
  static const TemporaryFolder folder;
  sample::write_file(folder.path / "a.csv", content);
  options["data"] = (folder.path / "a.csv").string();
  return make_task("files", options);
}

OptionMap asked_for_numbers(const std::string& answers, const std::string& kind = "numbers") {
  return {{"kind", kind},
          {"input", std::string("x")},
          {"answer", std::string("y")},
          {"answers", answers},
          {"split", std::string("part")}};
}

// Two rows for each part.
std::string rows_of_parts(const std::vector<std::string>& rows) {
  std::string content = "part,x,y\n";
  const char* names[] = {"train", "train", "validation", "validation", "test", "test"};
  for (std::size_t i = 0; i < rows.size(); ++i)
    content += std::string(names[i]) + ',' + rows[i] + '\n';
  return content;
}

std::string regression_error(const std::vector<std::string>& rows, const OptionMap& options) {
  try {
    regression_on(rows_of_parts(rows), options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("files: a number is answered in units of its deviation over training",
          "[tasks][files][regression]") {
  const auto task =
      regression_on(rows_of_parts({"1 2,100", "3,300", "4,500", "5,200", "6,200", "7,100"}),
                    asked_for_numbers("number"));
  CHECK(task->is_regression());
  CHECK(task->classes() == 1);
  CHECK(task->readout() == Readout::sequence);
  CHECK(task->answer_unit() == 100);
  const Example first = task->at(Split::train, 0);
  CHECK(first.targets == std::vector<int32_t>{0});
  CHECK(first.numbers == std::vector<float>{-1});
  CHECK(task->at(Split::validation, 0).numbers == std::vector<float>{3});
  CHECK_THAT(task->show(first), Contains("-> 100\n"));
  OptionMap raw = asked_for_numbers("number");
  raw["normalize"] = false;
  const auto as_they_are =
      regression_on(rows_of_parts({"1 2,100", "3,300", "4,500", "5,200", "6,200", "7,100"}), raw);
  CHECK(as_they_are->answer_unit() == 1);
  CHECK(as_they_are->at(Split::train, 0).numbers == std::vector<float>{100});
}

TEST_CASE("files: numbers at each step, of which some are not scored",
          "[tasks][files][regression]") {
  OptionMap options = asked_for_numbers("numbers");
  options["normalize"] = false;
  const auto task = regression_on(
      rows_of_parts({"1 2 3,0.5 . -1", "4,1", "5,1", "6,2", "7 8,1 2", "9,3"}), options);
  CHECK(task->readout() == Readout::token);
  const Example first = task->at(Split::train, 0);
  CHECK(first.targets == std::vector<int32_t>{0, kIgnore, 0});
  CHECK(first.numbers == std::vector<float>{0.5f, 0, -1});
  CHECK(task->show(first) == "1 2 3\n-> 0.5 . -1\n");
}

TEST_CASE("files: the next numbers are those of the next step, all channels",
          "[tasks][files][regression]") {
  OptionMap options = asked_for_numbers("next");
  options["normalize"] = false;
  const auto task =
      regression_on(rows_of_parts({"\"1,10 2,20 3,30\",", "\"1,1 2,2\",", "\"1,1 3,2\",",
                                   "\"1,1 4,2\",", "\"1,1 5,2\",", "\"1,1 6,2\","}),
                    options);
  CHECK(task->is_regression());
  CHECK(task->classes() == 2);
  const Example first = task->at(Split::train, 0);
  CHECK(first.values == std::vector<float>{1, 10, 2, 20});
  CHECK(first.numbers == std::vector<float>{2, 20, 3, 30});
  CHECK(task->max_length() == 2);
  const Shallow same = task->shallow(first, 1);
  CHECK(std::vector<float>(same.numbers.begin(), same.numbers.end()) == std::vector<float>{2, 20});
  options["max_length"] = int64_t{1};
  const auto cut =
      regression_on(rows_of_parts({"\"1,10 2,20 3,30\",", "\"1,1 2,2\",", "\"1,1 3,2\",",
                                   "\"1,1 4,2\",", "\"1,1 5,2\",", "\"1,1 6,2\","}),
                    options);
  CHECK(cut->at(Split::train, 0).numbers == std::vector<float>{2, 20});
}

TEST_CASE("files: baselines of a regression are R^2 on the tests", "[tasks][files][regression]") {
  // The tests' answers are 1 and 3, training's mean is 4: its guess misses by 9 + 1 of 2.
  const auto numbers = regression_on(rows_of_parts({"1,3", "2,5", "3,1", "4,2", "5,1", "6,3"}),
                                     asked_for_numbers("number"));
  const Baselines of_numbers = measure_baselines(*numbers, 100);
  CHECK(of_numbers.chance == 0);
  CHECK(of_numbers.majority == Approx(-4));
  OptionMap raw = asked_for_numbers("next");
  raw["normalize"] = false;
  const auto next =
      regression_on(rows_of_parts({"0 1,", "5 6,", "1 1,", "2 3,", "3 2,", "1 4,"}), raw);
  // That nothing changes misses by 1 + 9 of 2 about the mean.
  CHECK(measure_baselines(*next, 100).shallow == Approx(-4));
}

TEST_CASE("files: what is wrong with a real answer is named", "[tasks][files][regression]") {
  const std::vector<std::string> good = {"1,1", "2,2", "3,1", "4,2", "5,1", "6,2"};
  CHECK(regression_error(good, asked_for_numbers("number")) == "no error");
  const auto complaint = [&](const char* second, const char* answers) {
    auto rows = good;
    rows[1] = second;
    return regression_error(rows, asked_for_numbers(answers));
  };
  CHECK_THAT(complaint("2,cheap", "number"),
             Contains("a.csv:3: column y: found 'cheap', allowed: a real number"));
  CHECK_THAT(complaint("2,nan", "number"), Contains("found 'nan', allowed: a real number"));
  CHECK_THAT(complaint("2,", "number"), Contains("a.csv:3: column y: is empty"));
  CHECK_THAT(complaint("2,1", "number"),
             Contains("the training split's 2 inputs have one and the same answer"));
  CHECK_THAT(
      regression_error({"1,1", "2,2", "3,1", "4,2", "5,1", "6,1"}, asked_for_numbers("number")),
      Contains("the test split's 2 inputs have one and the same answer"));
  CHECK_THAT(complaint("2 3,1", "numbers"), Contains("has 1 answer, allowed: 2"));
  CHECK_THAT(complaint("2,1", "next"), Contains("has 1 step, allowed with answers next"));
}

TEST_CASE("files: a regression keeps a task's promises", "[tasks][files][regression]") {
  const TemporaryFolder folder;
  Rng rng(3, "regression");
  std::string content = "x,y\n";
  for (int row = 0; row < 300; ++row) {
    const double slope = rng.between(-1000, 1000) / 1000.0;
    for (int t = 0; t < 5; ++t) content += text(t == 0 ? "" : " ", slope * t + rng.between(0, 9));
    content += text(",", slope, '\n');
  }
  sample::write_file(folder.path / "a.csv", content);
  const Registry registry = [] {
    Registry all;
    register_builtins(all);
    return all;
  }();
  for (const char* answers : {"number", "next"}) {
    const std::vector<Promise> promises =
        check_promises(registry.task("files"), {{"data", (folder.path / "a.csv").string()},
                                                {"kind", std::string("numbers")},
                                                {"input", std::string("x")},
                                                {"answer", std::string("y")},
                                                {"answers", std::string(answers)}});
    for (const Promise& promise : promises) {
      INFO(answers << ": " << promise.name);
      for (const std::string& violation : promise.violations) FAIL_CHECK(violation);
    }
  }
}

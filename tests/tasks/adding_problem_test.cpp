#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/worked_example.h"

using namespace longhaul;

namespace {

std::vector<double> comment_values() {
  std::ifstream source(LONGHAUL_SOURCE_DIR "/tasks/adding_problem.cpp");
  std::vector<double> values;
  for (std::string line; std::getline(source, line);) {
    if (line.rfind("//   value ", 0) != 0) continue;
    std::istringstream words(line.substr(10));
    for (double value; words >> value;) values.push_back(value);
  }
  return values;
}

// Ten times the sum of the marked values, to the nearest.
int sum_of(const std::vector<float>& values) {
  double sum = 0;
  for (std::size_t t = 0; t < values.size(); t += 2) sum += values[t] * values[t + 1];
  return static_cast<int>(std::lround(10 * sum));
}

}  // namespace

TEST_CASE("adding_problem: the worked example of its top comment is true", "[tasks][adding]") {
  const auto values = comment_values();
  const auto markers = comment_numbers("adding_problem", "//   marker ");
  REQUIRE(values.size() == 6);
  REQUIRE(markers.size() == 6);
  std::vector<float> input;
  for (int t = 0; t < 6; ++t) {
    input.push_back(static_cast<float>(values[t]));
    input.push_back(static_cast<float>(markers[t]));
  }
  CHECK(comment_numbers("adding_problem", "//   target ") == std::vector<int32_t>{sum_of(input)});
}

TEST_CASE("adding_problem: one marker in each half, and the class is the sum of the marked values",
          "[tasks][adding]") {
  for (int64_t length : {2, 3, 7, 30}) {
    const auto task = make_task("adding_problem", {{"length", length}});
    CHECK(task->channels() == 2);
    CHECK(task->vocab() == 0);
    CHECK(task->classes() == 19);
    for (int i = 0; i < 200; ++i) {
      Rng rng(1, "adding", i);
      const Example example = task->draw(rng);
      REQUIRE(example.tokens.empty());
      REQUIRE(example.values.size() == 2 * length);
      int markers[2] = {};
      for (int64_t t = 0; t < length; ++t) {
        const float value = example.values[2 * t], marker = example.values[2 * t + 1];
        REQUIRE((value >= 0 && value < .95f));
        REQUIRE(std::abs(value * 10 - std::lround(value * 10)) < 1e-5);
        REQUIRE((marker == 0 || marker == 1));
        markers[t >= length / 2] += marker == 1;
      }
      REQUIRE(markers[0] == 1);
      REQUIRE(markers[1] == 1);
      REQUIRE(example.targets == std::vector<int32_t>{sum_of(example.values)});
    }
  }
}

TEST_CASE("adding_problem: its shallow key is the later marked value", "[tasks][adding]") {
  const auto task = make_task("adding_problem", {{"length", int64_t{6}}});
  const Example example{{}, {17}, {}, {.3f, 0, .9f, 1, .1f, 0, .5f, 0, 0, 0, .8f, 1}};
  CHECK(task->shallow(example, 0).key == 8);
  const std::string shown = task->show(example);
  CHECK(shown.find("0.3   0.9   0.1") != std::string::npos);
  CHECK(shown.find(".     1     .") != std::string::npos);
  CHECK(shown.find("target 17: the sum is 17 / 10\n") != std::string::npos);
}

TEST_CASE("adding_problem: any length from 2", "[tasks][adding]") {
  const auto task = make_task("adding_problem");
  CHECK(make_task("adding_problem", task->at_length(33))->max_length() == 33);
  CHECK_THROWS_WITH(task->at_length(1), Catch::Matchers::Contains("found 1"));
}

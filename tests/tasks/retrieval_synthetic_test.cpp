#include <map>
#include <regex>

#include "harness/data/baselines.h"
#include "harness/data/examples.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/top_comment.h"

using namespace longhaul;

namespace {

using Facts = std::map<std::string, std::string>;  // where each person lives

Facts facts_of(const std::string& document) {
  static const std::regex fact("A word on (\\w+)\\.|(\\w+) lives in (\\w+)\\.|Home is (\\w+)\\.");
  Facts facts;
  std::string person;
  for (std::sregex_iterator i(document.begin(), document.end(), fact), end; i != end; ++i) {
    const std::smatch& found = *i;
    if (found[1].matched) person = found[1];
    if (found[2].matched) facts[found[2]] = found[3];
    if (found[4].matched) facts[person] = found[4];
  }
  return facts;
}

std::string as_text(const std::vector<int32_t>& tokens) {
  std::string text;
  for (int32_t token : tokens) text += static_cast<char>(token - 1);
  return text;
}

}  // namespace

TEST_CASE("retrieval_synthetic: the worked example of its top comment is true",
          "[tasks][synthetic]") {
  const std::vector<std::string> lines = top_comment("retrieval_synthetic", "  facts 2", 3);
  REQUIRE(lines.size() == 3);
  CHECK(facts_of(lines[0]) == Facts{{"Anna", "Oslo"}, {"Boris", "Rome"}});
  CHECK(facts_of(lines[1]) == Facts{{"Anna", "Rome"}, {"Boris", "Oslo"}});
  CHECK(lines[2] == "target 0");
}

TEST_CASE("retrieval_synthetic: facts are the same just when the source is", "[tasks][synthetic]") {
  const auto task = make_task("retrieval_synthetic", {{"changed", int64_t{2}}});
  const int n = 500;
  int same = 0;
  for (int i = 0; i < n; ++i) {
    const Example pair = example(*task, Split::test, 1, i);
    const Facts first = facts_of(as_text(pair.tokens)), second = facts_of(as_text(pair.second));
    REQUIRE(first.size() == 4);
    REQUIRE(second.size() == 4);
    REQUIRE(pair.second.size() <= task->max_length());
    int differ = 0;
    for (const auto& [person, town] : first) differ += second.at(person) != town;
    REQUIRE(differ == (pair.targets[0] == 1 ? 0 : 2));
    same += pair.targets[0];
  }
  CHECK(std::abs(same - n / 2) < 4 * std::sqrt(n) / 2);
}

TEST_CASE("retrieval_synthetic: the bags of bytes of both documents know nothing",
          "[tasks][synthetic]") {
  const Baselines baselines = measure_baselines(*make_task("retrieval_synthetic"), 1000, 1000);
  CHECK(baselines.shallow == Approx(0.5).margin(4 * 0.5 / std::sqrt(1000.0)));
}

TEST_CASE("retrieval_synthetic: documents have the length that is asked for, down to the shortest",
          "[tasks][synthetic]") {
  const auto standard = make_task("retrieval_synthetic");
  for (const int64_t length : {128, 4000}) {
    const auto task = make_task("retrieval_synthetic", standard->at_length(length));
    for (int i = 0; i < 50; ++i) {
      Rng rng(3, "retrieval_synthetic length", i);
      const Example pair = task->draw(rng);
      REQUIRE(pair.tokens.size() <= length);
      REQUIRE(pair.second.size() <= length);
    }
  }
  CHECK_THROWS_AS(standard->at_length(127), Error);
}

TEST_CASE("retrieval_synthetic: options that cannot be are all named at once",
          "[tasks][synthetic]") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(
      make_task("retrieval_synthetic", {{"length", int64_t{50}}, {"facts", int64_t{3}}}),
      Contains("changed: found 4, allowed: at most 3 (the facts of a document)") &&
          Contains("length: found 50, allowed: at least 96 (32 for each of 3 facts)"));
}

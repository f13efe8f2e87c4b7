// A short run of every target: the same inputs each time.

#include "tests/fuzz/fuzz.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const fuzz::Target& target : fuzz::targets()) names.push_back(target.name);
  return names;
}

}  // namespace

TEST_CASE("damaged input ends in an Error, whichever reader gets it", "[fuzz]") {
  const fuzz::Target& target = fuzz::target(GENERATE(from_range(target_names())));
  INFO(target.name);
  const fuzz::Outcome outcome = fuzz::run(target, 0, 2000);
  INFO("input " << outcome.at);
  CHECK(outcome.finding == "");
  CHECK(outcome.accepted > 20);  // else the inputs are refused for one simple reason
  if (target.name != "text") CHECK(outcome.refused > 200);  // of text only an empty file is wrong
}

TEST_CASE("a finding of the fuzzer is reported with the input that made it", "[fuzz]") {
  const fuzz::Target fragile{"fragile", {"abc"}, [](const std::string& input) {
                               if (input.size() > 3) throw std::out_of_range("past the end");
                             }};
  const fuzz::Outcome outcome = fuzz::run(fragile, 0, 1000);
  CHECK(outcome.finding == "past the end");
  CHECK(fuzz::input(fragile, outcome.at).size() > 3);
  CHECK(fuzz::run(fragile, outcome.at, 1).finding == "past the end");
}

#include <fstream>
#include <map>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>

#include "harness/data/baselines.h"
#include "longhaul/error.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;

namespace {

OptionMap group(const std::string& name) { return {{"group", name}}; }

// The two lines of show(), word by word and without their headings.
std::pair<std::vector<std::string>, std::vector<std::string>> shown(const Task& task,
                                                                    const Example& example) {
  std::istringstream lines(task.show(example));
  std::vector<std::string> rows[2];
  for (auto& row : rows) {
    std::string line, word;
    std::getline(lines, line);
    std::istringstream words(line);
    words >> word;
    while (words >> word) row.push_back(word);
  }
  return {rows[0], rows[1]};
}

// How many elements each group of permutations has.
const std::map<std::string, int> kPermutations = {{"a5", 60}, {"s5", 120}, {"s3", 6}, {"s4", 24}};

// The permutation's parity by its cycles: an even one has an odd number of them, of five items.
bool is_even(const std::string& permutation) {
  std::set<int> visited;
  int cycles = 0;
  for (int start = 0; start < 5; ++start) {
    if (visited.count(start)) continue;
    ++cycles;
    for (int at = start; visited.insert(at).second;) at = permutation[at] - '1';
  }
  return cycles % 2 == 1;
}

}  // namespace

TEST_CASE("state_tracking: the worked examples of its top comment are true", "[tasks][formal]") {
  std::ifstream source(LONGHAUL_SOURCE_DIR "/tasks/state_tracking.cpp");
  const std::regex form(
      R"(//   ids +(\d+) (\d+) +targets (\d+) (\d+) +ids +(\d+) (\d+) +targets (\d+) (\d+))");
  std::smatch match;
  std::string line;
  while (std::getline(source, line) && !std::regex_match(line, match, form)) continue;
  REQUIRE(match.size() == 9);
  const auto example = [&](int at) {
    return Example{{std::stoi(match[at]), std::stoi(match[at + 1])},
                   {std::stoi(match[at + 2]), std::stoi(match[at + 3])}};
  };
  CHECK(make_task("state_tracking", group("s5"))->show(example(1)) ==
        "elements 21345 23451\nproducts 21345 13452\n");
  CHECK(make_task("state_tracking", group("z60"))->show(example(5)) ==
        "elements 7 58\nproducts 7 5\n");
}

TEST_CASE("state_tracking: each target is what moving the items one after another gives",
          "[tasks][formal]") {
  for (const auto& [name, size] : kPermutations) {
    const auto task = make_task("state_tracking", group(name));
    std::set<std::string> seen;
    for (int i = 0; i < 300; ++i) {
      Rng rng(1, "state tracking", i);
      const auto [elements, products] = shown(*task, task->draw(rng));
      REQUIRE(elements.size() == products.size());
      std::string items = std::string("12345").substr(0, name[1] - '0');
      for (std::size_t t = 0; t < elements.size(); ++t) {
        const std::string before = items;
        for (std::size_t place = 0; place < items.size(); ++place)
          items[place] = before[elements[t][place] - '1'];
        REQUIRE(products[t] == items);
        seen.insert(elements[t]);
        if (name == "a5") REQUIRE(is_even(elements[t]));
      }
    }
    CHECK(seen.size() == task->classes());
    CHECK(task->classes() == size);
  }
}

TEST_CASE("state_tracking: in Z60 each target is the sum so far", "[tasks][formal]") {
  const auto task = make_task("state_tracking", group("z60"));
  CHECK(task->classes() == 60);
  for (int i = 0; i < 300; ++i) {
    Rng rng(2, "state tracking", i);
    const auto [elements, products] = shown(*task, task->draw(rng));
    int sum = 0;
    for (std::size_t t = 0; t < elements.size(); ++t) {
      sum += std::stoi(elements[t]);
      REQUIRE(std::stoi(products[t]) == sum % 60);
    }
  }
}

TEST_CASE("state_tracking: elements are numbered in order, the identity first", "[tasks][formal]") {
  for (const auto& [name, size] : kPermutations) {
    const auto task = make_task("state_tracking", group(name));
    Example all;
    for (int32_t id = 1; id < task->vocab(); ++id) all.tokens.push_back(id);
    all.targets.assign(all.tokens.size(), 0);
    const auto elements = shown(*task, all).first;
    const std::string items = std::string("12345").substr(0, name[1] - '0');
    CHECK(elements.front() == items);
    CHECK(std::is_sorted(elements.begin(), elements.end()));
    CHECK(elements.back() == std::string(items.rbegin(), items.rend()));  // A5: two swaps, even
  }
}

TEST_CASE("state_tracking: one element tells the first product only", "[tasks][formal]") {
  const double shallow = measure_baselines(*make_task("state_tracking"), 1000).shallow;
  // 1 of 20.5 positions on average, and chance at the others.
  CHECK(shallow == Approx(1 / 20.5 + (1 - 1 / 20.5) / 60).margin(.01));
}

TEST_CASE("state_tracking: lengths are options, unknown groups are refused", "[tasks][formal]") {
  using Catch::Matchers::Contains;
  const auto trained = make_task("state_tracking");
  const auto tested = make_task("state_tracking", trained->at_length(256));
  Rng rng(3, "state tracking");
  CHECK(tested->draw(rng).tokens.size() == 256);
  CHECK(tested->vocab() == trained->vocab());
  CHECK_THROWS_WITH(trained->at_length(1), Contains("allowed: 2 .. "));
  CHECK_THROWS_WITH(make_task("state_tracking", group("s6")), Contains("z60 | a5 | s5 | s3 | s4"));
}

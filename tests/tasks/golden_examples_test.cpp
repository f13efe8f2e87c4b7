// What every task yields, held to golden_examples.txt: its examples may change only together with
// its version, since results of one version are compared.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/builtins.h"
#include "harness/data/examples.h"
#include "longhaul/error.h"
#include "support/hash.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;

namespace {

const std::string kFile = "tests/tasks/golden_examples.txt";
const std::string kNewLines = "longhaul_tests '[.golden-lines]'";
constexpr int64_t kExamples = 100;

struct Golden {
  std::string task;  // a registered name; ":data" behind it where it reads files if asked to
  int version = 0;
  std::string split, hash;

  bool operator==(const Golden&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Golden& g) {
  return out << g.task << ' ' << g.version << ' ' << g.split << ' ' << g.hash;
}

template <class T>
uint64_t hash_of(const std::vector<T>& items, uint64_t start) {
  const uint64_t size = items.size();  // so that no two lists run into one
  return hash_bytes(items.data(), size * sizeof(T), hash_bytes(&size, sizeof(size), start));
}

// Of every bit of the first examples that a trial with seed 0 sees of a split.
std::string hash_of_first(const Task& task, Split split) {
  uint64_t hash = 0;
  for (int64_t i = 0; i < kExamples; ++i) {
    const Example e = example(task, split, split == Split::train ? 1 : 0, i);
    hash = hash_of(e.values, hash_of(e.second, hash_of(e.targets, hash_of(e.tokens, hash))));
  }
  return to_hex(hash);
}

void add_lines(std::vector<Golden>& lines, const std::string& name, const TaskInfo& info,
               const OptionMap& given) {
  Options options(given);
  const std::unique_ptr<Task> task = info.make(options);
  options.check(name);
  for (const Split split : {Split::train, Split::validation, Split::test})
    lines.push_back(
        {name, task->version(), names_of(split).word(split), hash_of_first(*task, split)});
}

// Every task with its default options, those that need files with made-up ones; behind them tasks
// that can read files instead of drawing.
std::vector<Golden> lines_of(const Registry& registry) {
  std::vector<Golden> lines;
  for (const auto& [name, info] : registry.tasks())
    add_lines(lines, name, info, sample::options_for(name));
  const TemporaryFolder folder;
  sample::write_listops(folder.path / "listops", 200);
  sample::write_pathfinder(folder.path / "pathfinder", 60);
  for (const std::string name : {"listops", "pathfinder"})
    add_lines(lines, name + ":data", registry.task(name),
              {{"data", (folder.path / name).string()}});
  return lines;
}

std::vector<Golden> lines_of_tree() {
  Registry registry;
  register_builtins(registry);
  return lines_of(registry);
}

std::vector<Golden> read_golden(std::istream& in) {
  std::vector<Golden> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Golden& g = lines.emplace_back();
    words >> g.task >> g.version >> g.split >> g.hash;
    require(!words.fail() && words.eof(), kFile, ": expected 'task version split hash', found '",
            line, "'");
  }
  return lines;
}

// What is wrong with the lines of the file, a sentence each with what to do.
std::vector<std::string> complaints(const std::vector<Golden>& golden,
                                    const std::vector<Golden>& now) {
  std::vector<std::string> found;
  for (const Golden& line : now) {
    const auto known = std::find_if(golden.begin(), golden.end(), [&](const Golden& g) {
      return g.task == line.task && g.split == line.split;
    });
    if (known == golden.end())
      found.push_back(text(line.task, ": no line for split ", line.split, " in ", kFile,
                           ". Add the lines of this task that ", kNewLines, " prints."));
    else if (known->version != line.version)
      found.push_back(text(line.task, ": is at version ", line.version, ", ", kFile, " at version ",
                           known->version, ". Replace its lines by those that ", kNewLines,
                           " prints."));
    else if (known->hash != line.hash)
      found.push_back(
          text(line.task, ": its ", line.split, " examples changed, its version ", line.version,
               " did not. If that was not meant, undo it. If it was, let version() return ",
               line.version + 1, ", and replace its lines in ", kFile, " by those that ", kNewLines,
               " prints."));
  }
  for (const Golden& g : golden) {
    const bool is_task = std::any_of(now.begin(), now.end(), [&](const Golden& line) {
      return g.task == line.task && g.split == line.split;
    });
    if (!is_task) found.push_back(text(g.task, ": is no task. Take its lines out of ", kFile, "."));
  }
  return found;
}

}  // namespace

TEST_CASE("the first hundred examples of every task are those of its version", "[golden][tasks]") {
  std::ifstream in(LONGHAUL_SOURCE_DIR + ("/" + kFile));
  REQUIRE(in.good());
  for (const std::string& complaint : complaints(read_golden(in), lines_of_tree()))
    FAIL_CHECK(complaint);
}

TEST_CASE("prints the lines of golden_examples.txt as they are now", "[.golden-lines]") {
  for (const Golden& line : lines_of_tree()) std::cout << line << '\n';
}

namespace {

// Draws a token and a number, a bit apart from what it drew before if `bit` is set.
class Drawn final : public Task {
 public:
  explicit Drawn(int version, bool bit) : version_(version), bit_(bit) {}
  int version() const override { return version_; }
  int64_t vocab() const override { return 0; }
  int64_t channels() const override { return 1; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return 1; }
  Example draw(Rng& rng) const override {
    Example e;
    e.values = {rng.uniform_float()};
    e.targets = {static_cast<int32_t>(rng.below(2))};
    if (bit_ && e.values[0] < 0.01f) e.values[0] = std::nextafter(e.values[0], 1.0f);
    return e;
  }

 private:
  int version_;
  bool bit_;
};

std::vector<Golden> lines_of_drawn(int version, bool bit) {
  TaskInfo info;
  info.name = "drawn";
  info.make = [=](Options&) { return std::make_unique<Drawn>(version, bit); };
  std::vector<Golden> lines;
  add_lines(lines, "drawn", info, {});
  return lines;
}

}  // namespace

TEST_CASE("one bit of one example needs a new version, and a version new golden lines",
          "[golden]") {
  const std::vector<Golden> golden = lines_of_drawn(1, false);
  CHECK(complaints(golden, lines_of_drawn(1, false)).empty());

  const std::vector<std::string> changed = complaints(golden, lines_of_drawn(1, true));
  REQUIRE_FALSE(changed.empty());
  CHECK(changed[0].find("drawn: its ") == 0);
  CHECK(changed[0].find("let version() return 2") != std::string::npos);

  const std::vector<std::string> risen = complaints(golden, lines_of_drawn(2, true));
  REQUIRE(risen.size() == 3);
  CHECK(risen[0].find("is at version 2, " + kFile + " at version 1") != std::string::npos);
  CHECK(risen[0].find(kNewLines) != std::string::npos);

  CHECK(complaints({}, golden).at(0).find("no line for split train") != std::string::npos);
  CHECK(complaints(golden, {}).at(0).find("is no task") != std::string::npos);
}

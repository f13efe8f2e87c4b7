#include <set>

#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;

namespace {

namespace fs = std::filesystem;

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

int64_t lines_of(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("new: writes a small folder of whole files and prints their paths", "[cli][plugin]") {
  const TemporaryFolder folder;
  for (const std::string kind : {"model", "task"}) {
    const fs::path target = folder.path / ("my_" + kind);
    const std::string name = "my_" + kind;
    const Outcome outcome = longhaul_run("new " + kind + " " + name + " " + target.string() + "/");
    CHECK(outcome.status == 0);
    CHECK(files_in(target) ==
          std::set<std::string>{"CMakeLists.txt", "README.md", name + ".cpp", name + ".yaml"});
    CHECK(lines_of(outcome.out) == 4);
    CHECK(has(outcome.out, (target / (name + ".cpp")).string()));
    CHECK(lines_of(read_text(target / (name + ".cpp"))) < 70);
    CHECK(lines_of(read_text(target / "CMakeLists.txt")) == 4);
    CHECK(lines_of(read_text(target / "README.md")) <= 11);
    CHECK(has(read_text(target / (name + ".cpp")), "LONGHAUL_PLUGIN(" + name + ")"));
    for (const std::string& file : files_in(target)) {
      INFO(file);
      CHECK(!has(read_text(target / file), "{{name"));
      CHECK(!has(read_text(target / file), "{{Name"));
      CHECK(!has(read_text(target / file), "{{version"));
    }
  }
}

TEST_CASE("new: a bad name, kind or place is one error, and nothing is written", "[cli][plugin]") {
  const TemporaryFolder folder;
  const std::string in = " " + (folder.path / "x").string();
  const auto says = [&](const std::string& arguments, const std::string& message) {
    const Outcome outcome = complaint(arguments);
    INFO(arguments);
    CHECK(outcome.status == 2);
    CHECK(outcome.out == "longhaul: " + message + "\n");
  };
  says("new modle my_model" + in, "new: found 'modle', allowed: model | task");
  says("new model My-Model" + in,
       "model name 'My-Model' (from longhaul new) must be lower-case letters, digits and '_', "
       "starting with a letter");
  says("new model lru" + in, "model 'lru' from longhaul new is already registered from builtin");
  says("new task test" + in, "new: 'test' is a name that CMake keeps for itself; choose another");
  says("new model my_model " + folder.path.string(),
       "new: " + folder.path.string() + " exists already; give another folder");
  CHECK(complaint("new model my_model /dev/null/x").status == 2);
  CHECK(files_in(folder.path).empty());
}

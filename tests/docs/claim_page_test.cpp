#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("docs/claims has the verdict of every claim, and a section", "[docs][claim]") {
  const fs::path root = LONGHAUL_SOURCE_DIR;
  const std::string verdicts = read(root / "docs/claims/verdicts.md");
  std::string sections;
  for (const char* page : {"attention.md", "recurrence.md", "training.md"})
    sections += read(root / "docs/claims" / page);
  for (const auto& entry : fs::directory_iterator(root / "configs" / "claims")) {
    const std::string name = entry.path().stem();
    INFO(name);
    const auto verdict = read_verdict(root / "results" / "claims" / name);
    const bool is_current = verdict && verdict->rule_hash == rule_hash(entry.path());
    CHECK_THAT(verdicts, Contains(".md#" + name + ") | " +
                                  (is_current ? to_string(verdict->answer) : "(not run yet)")));
    if (is_current) CHECK_THAT(sections, Contains("## " + name + "\n"));
  }
}

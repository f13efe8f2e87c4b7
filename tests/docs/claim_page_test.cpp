#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"

using namespace longhaul;
using Catch::Matchers::Contains;

TEST_CASE("docs/claims.md has the verdict of every claim, and a paragraph", "[docs][claim]") {
  const std::filesystem::path root = LONGHAUL_SOURCE_DIR;
  std::ostringstream page;
  page << std::ifstream(root / "docs" / "claims.md").rdbuf();
  for (const auto& entry : std::filesystem::directory_iterator(root / "configs" / "claims")) {
    const std::string name = entry.path().stem();
    INFO(name);
    const auto verdict = read_verdict(root / "results" / "claims" / name);
    const bool is_current = verdict && verdict->rule_hash == rule_hash(entry.path());
    CHECK_THAT(page.str(), Contains("| `" + name + "` | " +
                                    (is_current ? to_string(verdict->answer) : "(not run yet)")));
    if (is_current) CHECK_THAT(page.str(), Contains("**" + name + ".**"));
  }
}

#include "support/shell.h"

#include <cstdlib>

#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;

TEST_CASE("a printed command means the same words to a shell", "[shell]") {
  CHECK(shell_command({"longhaul", "run", "results/my-runs/a.yaml"}) ==
        "longhaul run results/my-runs/a.yaml");
  CHECK(shell_command({"run", "my data/it's"}) == "run 'my data/it'\\''s'");
  const TemporaryFolder folder;
  for (const std::string word :
       {"", " ", "a b", "it's", "$HOME", "`x`", "a\"b", "*", "~", "#", "!", "\\", "a\nb", "ü"}) {
    INFO(word);
    const std::string file = (folder.path / "word").string();
    REQUIRE(std::system((shell_command({"printf", "%s", word}) + " > " + file).c_str()) == 0);
    CHECK(read_text(file) == word);
  }
}

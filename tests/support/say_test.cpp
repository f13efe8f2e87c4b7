#include "support/say.h"

#include <cstdlib>

#include "support/clock.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/full_pipe.h"

using namespace longhaul;

namespace {

// Standard error goes to a descriptor while this lives.
class StandardErrorTo {
 public:
  explicit StandardErrorTo(int descriptor) : before_(dup(STDERR_FILENO)) {
    dup2(descriptor, STDERR_FILENO);
  }
  ~StandardErrorTo() {
    dup2(before_, STDERR_FILENO);
    close(before_);
  }
  StandardErrorTo(const StandardErrorTo&) = delete;
  StandardErrorTo& operator=(const StandardErrorTo&) = delete;

 private:
  int before_;
};

}  // namespace

TEST_CASE("say: a pipe that nobody reads costs a second in all, and one with room gets all",
          "[say]") {
  FullPipe pipe;
  const StandardErrorTo redirected(pipe.end());
  const Stopwatch watch;
  for (int i = 0; i < 100; ++i) say("lost {}\n", i);
  CHECK(watch.seconds() >= 0.9);
  CHECK(watch.seconds() < 5);
  CHECK(pipe.drain().find("lost") == std::string::npos);
  say("{} and {}\n", "heard", 1);
  CHECK(pipe.drain() == "heard and 1\n");
  const std::string longer(50000, 'y');  // than what is written at once
  say("{}", longer);
  CHECK(pipe.drain() == longer);
}

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

#include "support/strays.h"

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
namespace fs = std::filesystem;

TEST_CASE("strays: a half-written file goes if its writer has ended, waited for or not",
          "[strays]") {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t ended{};
  REQUIRE(waitid(P_PID, child, &ended, WEXITED | WNOWAIT) == 0);  // it has, and stays listed
  const auto write = [&](const std::string& name) { std::ofstream(folder.path / name) << "half"; };
  const std::string of_child = "resume.0.tmp" + std::to_string(child),
                    of_this = "record.json.tmp" + std::to_string(getpid());
  for (const std::string& name : {of_child, of_this, std::string("notes.tmp")}) write(name);

  remove_strays(folder.path);
  CHECK_FALSE(fs::exists(folder.path / of_child));
  CHECK(fs::exists(folder.path / of_this));
  CHECK(fs::exists(folder.path / "notes.tmp"));

  REQUIRE(waitpid(child, nullptr, 0) == child);
  write(of_child);
  remove_strays(folder.path);
  CHECK_FALSE(fs::exists(folder.path / of_child));
}

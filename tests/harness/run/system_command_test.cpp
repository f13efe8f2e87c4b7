#include "harness/run/system_command.h"

#include <fstream>
#include <system_error>
#include <thread>

#include "support/clock.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
using Catch::Matchers::StartsWith;

TEST_CASE("system command: a program that is not there is named", "[slurm]") {
  CHECK_THROWS_AS(run_command({"longhaul-no-such-program"}), std::system_error);
  CHECK_THROWS_WITH(run_command({"longhaul-no-such-program"}),
                    StartsWith("cannot start longhaul-no-such-program"));
}

TEST_CASE("system command: what a failing program says is kept apart", "[slurm]") {
  const CommandOutput said = run_command({"sh", "-c", "echo out; echo wrong >&2; exit 3"});
  CHECK_FALSE(said.ok());
  CHECK(said.end.exit_status == 3);
  CHECK(said.out == "out\n");
  CHECK(said.errors == "wrong\n");
  const CommandOutput killed = run_command({"sh", "-c", "kill -9 $$"});
  CHECK_FALSE(killed.ok());
  CHECK(killed.end.signal == 9);
}

TEST_CASE("system command: megabytes on both outputs stop nobody", "[slurm]") {
  const CommandOutput said = run_command(
      {"sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2"});
  CHECK(said.ok());
  CHECK(said.out == std::string(3'000'000, 'x'));
  CHECK(said.errors.size() == 3'000'000);
}

TEST_CASE("system command: arguments are words, which no shell reads", "[slurm]") {
  const std::string odd = "it's $HOME `x` \"two  words\" %j;\n*";
  CHECK(run_command({"printf", "%s", odd}).out == odd);
  CHECK(run_command({"cat"}).out.empty());  // standard input is empty
}

TEST_CASE("system command: one that hangs is not waited for, and ends with its object", "[slurm]") {
  const TemporaryFolder folder;
  const auto pid_file = folder.path / "pid.txt";
  const Stopwatch watch;
  {
    SystemCommand command({"sh", "-c", "echo $$ > '" + pid_file.string() + "'; exec sleep 60"});
    while (read_text(pid_file).empty()) {
      CHECK_FALSE(command.poll());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  CHECK(kill(std::stoi(read_text(pid_file)), 0) == -1);
  CHECK(watch.seconds() < 50);
}

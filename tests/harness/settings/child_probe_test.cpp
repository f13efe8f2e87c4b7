#include "harness/settings/child_probe.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "longhaul/error.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("probe: work that comes to its end, by an Error too, is well", "[probe]") {
  const ProbeEnd end = try_in_child([] {}, 60);
  CHECK(end.crash.empty());
  CHECK_FALSE(end.hangs);
  CHECK(try_in_child([] { throw Error("said again to the caller"); }, 60).crash == "");
}

TEST_CASE("probe: work on several threads comes to its end behind such work in this process",
          "[probe]") {
  const auto work = [] { parallel_for(64, 1, [](int64_t, int64_t) {}); };
  const Threads scope(2);
  work();
  CHECK_FALSE(try_in_child(work, 20).hangs);
}

TEST_CASE("probe: work that ends the program, or never ends, is told of", "[probe]") {
  const auto crash = [] {
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer may have taken it
    std::raise(SIGSEGV);
  };
  CHECK(try_in_child(crash, 60).crash == "killed by SIGSEGV");
  CHECK(try_in_child([] { _exit(0); }, 60).crash == "exit status 0");
  CHECK(try_in_child([] { _exit(3); }, 60).crash == "exit status 3");
  CHECK(try_in_child([] { throw std::runtime_error("no such device"); }, 60).crash ==
        "throws: no such device");
  const ProbeEnd end = try_in_child([] { pause(); }, 0.05);
  CHECK(end.hangs);
  CHECK(end.crash.empty());
}

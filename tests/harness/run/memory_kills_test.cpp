#include "harness/run/memory_kills.h"

#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_machine.h"

using namespace longhaul;

namespace {

struct Machine : MadeUpMachine {
  std::optional<int64_t> kills() const { return memory_kills(folder.path); }
};

}  // namespace

TEST_CASE("memory kills: counted by the control group of version 2", "[process]") {
  const Machine machine;
  machine.has("proc/self/cgroup", "0::/user/job\n");
  machine.has("proc/vmstat", "pgfault 1\noom_kill 9\n");
  CHECK(machine.kills() == 9);
  machine.has("sys/fs/cgroup/memory.events", "low 0\noom_kill 5\n");
  CHECK(machine.kills() == 5);
  machine.has("sys/fs/cgroup/user/job/memory.events", "max 7\noom 3\noom_kill 2\noom_group_kill 0");
  CHECK(machine.kills() == 2);
}

TEST_CASE("memory kills: counted by the control group of version 1", "[process]") {
  const Machine machine;
  machine.has("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/job\n0::/\n");
  machine.has("sys/fs/cgroup/memory/job/memory.oom_control", "under_oom 0\noom_kill 4\n");
  CHECK(machine.kills() == 4);
}

TEST_CASE("memory kills: nothing where the kernel does not say", "[process]") {
  const Machine machine;
  CHECK_FALSE(machine.kills());
  machine.has("proc/vmstat", "pgfault 1\noom_kill many\n");
  CHECK_FALSE(machine.kills());
  CHECK(memory_kills().has_value());  // this machine's does
}

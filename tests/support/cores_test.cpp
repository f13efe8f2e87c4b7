#include "support/cores.h"

#include <sched.h>

#include <thread>

#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_machine.h"

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

constexpr double kGiB = 1 << 30;

}  // namespace

TEST_CASE("cores: no more are counted than this process may run on", "[process]") {
  cpu_set_t before, one;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  CHECK(usable_cores() >= 1);
  CHECK(usable_cores() <= CPU_COUNT(&before));
  CPU_ZERO(&one);
  for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core)
    if (CPU_ISSET(core, &before)) CPU_SET(core, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(usable_cores() == 1);
  REQUIRE(sched_setaffinity(0, sizeof before, &before) == 0);
}

TEST_CASE("cores: the quota of an outer control group counts too", "[process]") {
  const MadeUpMachine machine;
  CHECK(usable_cores(machine.folder.path) == usable_cores());
  machine.has("proc/self/cgroup", "0::/job/step\n");
  machine.has("sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
  machine.has("sys/fs/cgroup/job/cpu.max", "90000 100000\n");
  CHECK(usable_cores(machine.folder.path) == 1);
}

TEST_CASE("cores: a quota of version 1 counts too, of an outer group and of a container",
          "[process]") {
  for (const char* group :
       {"cpu/job", "cpu,cpuacct/job", "cpu"}) {  // a container's own is the root
    const MadeUpMachine machine;
    machine.has("proc/self/cgroup", "4:cpu,cpuacct:/job/step\n0::/\n");
    machine.has("sys/fs/cgroup/cpu/job/step/cpu.cfs_quota_us", "-1\n");
    machine.has("sys/fs/cgroup/cpu/job/step/cpu.cfs_period_us", "100000\n");
    CHECK(usable_cores(machine.folder.path) == usable_cores());
    const std::string folder = std::string("sys/fs/cgroup/") + group;
    machine.has(folder + "/cpu.cfs_quota_us", "90000\n");
    machine.has(folder + "/cpu.cfs_period_us", "100000\n");
    INFO(group);
    CHECK(usable_cores(machine.folder.path) == 1);
  }
}

TEST_CASE("memory: no more is free than the nested control groups of either version leave",
          "[process]") {
  const MadeUpMachine machine;
  const fs::path& root = machine.folder.path;
  machine.has("proc/meminfo", "MemTotal: 33554432 kB\nMemAvailable:   16777216 kB\n");
  CHECK(usable_memory(root) == 16 * kGiB);
  machine.has("proc/self/cgroup", "4:memory:/job/step\n0::/job/step\n");
  machine.has("sys/fs/cgroup/memory/job/step/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(usable_memory(root) == 16 * kGiB);
  machine.has("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "8589934592\n");
  machine.has("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1073741824\n");
  CHECK(usable_memory(root) == 7 * kGiB);
  machine.has("sys/fs/cgroup/job/step/memory.max", "max\n");
  machine.has("sys/fs/cgroup/job/memory.max", "2147483648\n");
  machine.has("sys/fs/cgroup/job/memory.current", "1073741824\n");
  CHECK(usable_memory(root) == kGiB);
}

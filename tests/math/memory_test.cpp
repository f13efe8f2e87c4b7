#include "math/memory.h"

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "support/process.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

// What this process has of its own so far.
[[maybe_unused]] double data_bytes() {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;)
    if (double kib = 0; word == "VmData:" && in >> kib) return kib * 1024;
  return 0;
}

}  // namespace

TEST_CASE("memory: under a limit, freed blocks make room for blocks of another size", "[memory]") {
#ifdef __SANITIZE_ADDRESS__
  WARN("left out under the address sanitizer, where the allocator keeps no blocks");
#else
  // In a child, since a limit cannot be raised again.
  constexpr std::size_t kMiB = 1 << 20;
  const pid_t child = fork();
  if (child == 0) {
    int refused = 0;
    try {
      limit_memory(data_bytes() + 450.0 * kMiB);
      for (const std::size_t size : {200 * kMiB, 300 * kMiB, 350 * kMiB}) {
        void* block = allocate(size, Memory::activations);
        release(block, size, Memory::activations);
      }
    } catch (const std::bad_alloc&) {
      refused = 1;
    }
    _exit(refused);
  }
  const ProcessEnd end = wait_for(child);
  CHECK(end.signal == 0);
  CHECK(end.exit_status == 0);
#endif
}

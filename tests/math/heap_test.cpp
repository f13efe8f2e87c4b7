#include "math/heap.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "longhaul/rng.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

constexpr int64_t kMiB = 1 << 20;

// A block whose bytes all say which one it is.
struct Marked {
  Marked(std::size_t size, unsigned char mark, int64_t bound)
      : bytes(static_cast<unsigned char*>(Heap::own().take(size, bound))), size(size), mark(mark) {
    std::memset(bytes, mark, size);
  }
  bool is_intact() const {
    return std::all_of(bytes, bytes + size, [this](unsigned char byte) { return byte == mark; });
  }
  unsigned char* bytes;
  std::size_t size;
  unsigned char mark;
};

}  // namespace

TEST_CASE("heap: blocks of any sizes in any order stay apart and aligned", "[memory]") {
  Rng rng(1, "heap");
  std::vector<Marked> live;
  const auto give = [&](std::size_t i) {
    REQUIRE(live[i].is_intact());
    Heap::give(live[i].bytes);
    live.erase(live.begin() + static_cast<std::ptrdiff_t>(i));
  };
  for (int i = 0; i < 3000; ++i) {
    if (!live.empty() && rng.below(2) == 0) {
      give(rng.below(live.size()));
      continue;
    }
    live.emplace_back(1 + rng.below(rng.below(20) == 0 ? 3 * kMiB : 40000),
                      static_cast<unsigned char>(i), Heap::held_bytes() / 2);
    REQUIRE(reinterpret_cast<uintptr_t>(live.back().bytes) % 64 == 0);
  }
  while (!live.empty()) give(live.size() - 1);
}

TEST_CASE("heap: rounds of other sizes hold little more than the largest of them", "[memory]") {
  Heap::give(Heap::own().take(1, kMiB));  // a heap in use keeps its first pages
  Heap::give_back_all();
  const int64_t before = Heap::held_bytes();
  for (int64_t round = 0; round < 200; ++round) {
    const std::size_t size = 20000 + 7919 * static_cast<std::size_t>(round);
    std::vector<void*> blocks;
    for (int64_t left = 40 * kMiB; left > 0; left -= static_cast<int64_t>(size))
      blocks.push_back(Heap::own().take(size, before + 45 * kMiB));
    while (!blocks.empty()) {  // as a tape does
      Heap::give(blocks.back());
      blocks.pop_back();
    }
  }
  CHECK(Heap::held_bytes() - before <= 45 * kMiB);
  Heap::give_back_all();
  CHECK(Heap::held_bytes() == before);
}

TEST_CASE("heap: what a thread leaves free makes room for another thread", "[memory]") {
  Heap::give_back_all();
  const int64_t before = Heap::held_bytes(), bound = before + 70 * kMiB;
  const auto use = [&] { Heap::give(Heap::own().take(60 * kMiB, bound)); };
  use();
  std::thread(use).join();
  CHECK(Heap::held_bytes() <= bound);
}

TEST_CASE("heap: a block may be given back by another thread", "[memory]") {
  Marked block(5 * kMiB, 7, 0);
  std::thread([&] {
    CHECK(block.is_intact());
    Heap::give(block.bytes);
  }).join();
  const int64_t requests = Heap::system_requests();
  Heap::give(Heap::own().take(5 * kMiB, Heap::held_bytes()));
  CHECK(Heap::system_requests() == requests);
}

#include "math/memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

#include "math/heap.h"

namespace longhaul {
namespace {

constexpr std::size_t kAlignment = 64;

struct Counter {
  std::atomic<int64_t> live{0}, peak{0};
};
std::array<Counter, kMemoryKinds> counters;

void count(Memory kind, int64_t bytes) {
  Counter& counter = counters[static_cast<int>(kind)];
  const int64_t live = counter.live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = counter.peak.load(std::memory_order_relaxed);
  while (live > peak &&
         !counter.peak.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}

#ifdef __SANITIZE_ADDRESS__  // no caching, so that the sanitizer sees every use after free

std::atomic<int64_t> requests{0};

void* take(std::size_t bytes) {
  requests.fetch_add(1, std::memory_order_relaxed);
  void* block = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (!block) throw std::bad_alloc();
  return block;
}
void give(void* block, std::size_t) { std::free(block); }
int64_t requests_so_far() { return requests.load(); }

#else

// Blocks up to here are cut from slabs and kept on the freeing thread's own lists. There are few
// such sizes, and what stays on the lists is small.
constexpr std::size_t kSmall = 4 << 10;
constexpr std::size_t kSlab = 64 << 10;

struct FreeBlock {
  FreeBlock* next;
};

struct Cache {
  std::array<FreeBlock*, kSmall / kAlignment + 1> free{};  // by size in multiples of the alignment
  char* slab = nullptr;
  std::size_t slab_left = 0;
};
thread_local Cache cache;

// What the heaps may hold: what was live at once at most, an eighth more for the gaps between
// blocks, and a little for programs that need next to nothing.
int64_t bound() {
  int64_t bytes = 16 << 20;
  for (const Counter& counter : counters) bytes += counter.peak.load() / 8 * 9;
  return bytes;
}

void* take_small(std::size_t units) {
  FreeBlock*& head = cache.free[units];
  if (head) {
    void* block = head;
    head = head->next;
    return block;
  }
  const std::size_t bytes = units * kAlignment;
  if (cache.slab_left < bytes) {
    cache.slab = static_cast<char*>(Heap::own().take(kSlab, bound()));
    cache.slab_left = kSlab;
  }
  void* block = cache.slab;
  cache.slab += bytes;
  cache.slab_left -= bytes;
  return block;
}

std::size_t units_of(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + kAlignment - 1) / kAlignment;
}

void* take(std::size_t bytes) {
  return bytes <= kSmall ? take_small(units_of(bytes)) : Heap::own().take(bytes, bound());
}

void give(void* block, std::size_t bytes) {
  if (bytes > kSmall) return Heap::give(block);
  FreeBlock*& head = cache.free[units_of(bytes)];
  head = new (block) FreeBlock{head};
}

int64_t requests_so_far() { return Heap::system_requests(); }

#endif

thread_local Memory current_kind = Memory::activations;

}  // namespace

void* allocate(std::size_t bytes, Memory kind) {
  count(kind, static_cast<int64_t>(bytes));
  try {
    return take(bytes);
  } catch (...) {
    count(kind, -static_cast<int64_t>(bytes));
    throw;
  }
}

void release(void* block, std::size_t bytes, Memory kind) {
  if (!block) return;
  give(block, bytes);
  count(kind, -static_cast<int64_t>(bytes));
}

MemoryScope::MemoryScope(Memory kind) : outer_(current_kind) { current_kind = kind; }
MemoryScope::~MemoryScope() { current_kind = outer_; }
Memory MemoryScope::current() { return current_kind; }

void release_cached() { Heap::give_back_all(); }

int64_t live_bytes(Memory kind) { return counters[static_cast<int>(kind)].live.load(); }
int64_t peak_bytes(Memory kind) { return counters[static_cast<int>(kind)].peak.load(); }
int64_t system_requests() { return requests_so_far(); }

void reset_peak_bytes() {
  for (Counter& counter : counters) counter.peak.store(counter.live.load());
}

}  // namespace longhaul

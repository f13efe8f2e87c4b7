#include "math/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

namespace longhaul {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

struct Counter {
  std::atomic<int64_t> live{0}, peak{0};
};
std::array<Counter, kMemoryKinds> counters;
std::atomic<int64_t> requests{0};

void count(Memory kind, int64_t bytes) {
  Counter& counter = counters[static_cast<int>(kind)];
  const int64_t live = counter.live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = counter.peak.load(std::memory_order_relaxed);
  while (live > peak &&
         !counter.peak.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}

void give_back_cached();

void* from_system(std::size_t bytes, std::size_t alignment) {
  requests.fetch_add(1, std::memory_order_relaxed);
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* block = std::aligned_alloc(alignment, rounded);
  if (!block) {
    give_back_cached();
    block = std::aligned_alloc(alignment, rounded);
  }
  if (!block) throw std::bad_alloc();
  if (alignment >= kHugePage)
    madvise(block, bytes, MADV_HUGEPAGE);  // a hint: its failure is harmless
  return block;
}

#ifdef __SANITIZE_ADDRESS__  // no caching, so that the sanitizer sees every use after free

void* take(std::size_t bytes) { return from_system(bytes, kAlignment); }
void give(void* block, std::size_t) { std::free(block); }
void give_back_cached() {}

#else

constexpr std::size_t kSlab = 4 * kHugePage;
constexpr int kClasses = 4 * 48;

// Class c holds blocks of (4 + c % 4) * 2^(c / 4) * 16 bytes: 64, 80, 96, 112, 128, 160, ... ;
// those below the alignment's multiple are rounded up to it.
std::size_t bytes_of_class(int c) {
  const std::size_t bytes = (static_cast<std::size_t>(4 + c % 4) << (c / 4)) * 16;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct SizeClass {
  int index;
  std::size_t bytes;
};

SizeClass size_class(std::size_t bytes) {
  const std::size_t units = (std::max<std::size_t>(bytes, kAlignment) + 15) / 16;  // >= 4
  int shift = std::bit_width(units) - 3;
  std::size_t quarter = (units + (std::size_t{1} << shift) - 1) >> shift;  // 4 .. 8
  if (quarter == 8) {
    quarter = 4;
    ++shift;
  }
  const int index = 4 * shift + static_cast<int>(quarter) - 4;
  return {index, bytes_of_class(index)};
}

// Smaller blocks are cut from slabs, which stay.
bool is_by_itself(std::size_t bytes) { return bytes > kSlab / 4; }

struct FreeBlock {
  FreeBlock* next;
};

struct Cache {
  std::array<FreeBlock*, kClasses> free{};
  char* slab = nullptr;
  std::size_t slab_left = 0;
};
thread_local Cache cache;

void* take(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  FreeBlock*& head = cache.free[size.index];
  if (head) {
    void* block = head;
    head = head->next;
    return block;
  }
  if (is_by_itself(size.bytes)) return from_system(size.bytes, kHugePage);
  if (cache.slab_left < size.bytes) {
    cache.slab = static_cast<char*>(from_system(kSlab, kHugePage));
    cache.slab_left = kSlab;
  }
  void* block = cache.slab;
  cache.slab += size.bytes;
  cache.slab_left -= size.bytes;
  return block;
}

// Where the system refuses, blocks of other sizes that this thread keeps may make room.
void give_back_cached() {
  for (int index = 0; index < kClasses; ++index) {
    if (!is_by_itself(bytes_of_class(index))) continue;
    for (FreeBlock*& head = cache.free[index]; head;) std::free(std::exchange(head, head->next));
  }
}

void give(void* block, std::size_t bytes) {
  FreeBlock*& head = cache.free[size_class(bytes).index];
  head = new (block) FreeBlock{head};
}

#endif

thread_local Memory current_kind = Memory::activations;

}  // namespace

void* allocate(std::size_t bytes, Memory kind) {
  void* block = take(bytes);
  count(kind, static_cast<int64_t>(bytes));
  return block;
}

void release(void* block, std::size_t bytes, Memory kind) {
  if (!block) return;
  give(block, bytes);
  count(kind, -static_cast<int64_t>(bytes));
}

MemoryScope::MemoryScope(Memory kind) : outer_(current_kind) { current_kind = kind; }
MemoryScope::~MemoryScope() { current_kind = outer_; }
Memory MemoryScope::current() { return current_kind; }

void release_cached() {
#pragma omp parallel
  give_back_cached();
}

int64_t live_bytes(Memory kind) { return counters[static_cast<int>(kind)].live.load(); }
int64_t peak_bytes(Memory kind) { return counters[static_cast<int>(kind)].peak.load(); }
int64_t system_requests() { return requests.load(); }

void reset_peak_bytes() {
  for (Counter& counter : counters) counter.peak.store(counter.live.load());
}

}  // namespace longhaul

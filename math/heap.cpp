#include "math/heap.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>
#include <memory>
#include <new>

namespace longhaul {
namespace {

constexpr std::size_t kUnit = 64;                      // sizes and addresses are multiples
constexpr std::size_t kPage = std::size_t{2} << 20;    // what is committed at a time: a huge page
constexpr std::size_t kRegion = std::size_t{1} << 30;  // address space reserved at a time

std::atomic<int64_t> held{0}, requests{0};

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// The list that a free block of so many bytes is in. Those of higher lists are larger.
int list_of(std::size_t size) {
  const std::size_t units = size / kUnit;
  const int shift = std::max(static_cast<int>(std::bit_width(units)) - 4, 0);
  return 8 * shift + static_cast<int>(units >> shift);
}

bool make_usable(char* begin, std::size_t bytes) {
  return mprotect(begin, bytes, PROT_READ | PROT_WRITE) == 0;
}

// Every heap there is, and those whose thread has ended.
struct Heaps {
  std::mutex mutex;
  std::vector<Heap*> all, idle;
};

Heaps& heaps() {
  static Heaps* const heaps = new Heaps;  // never destroyed: threads may end later
  return *heaps;
}

}  // namespace

// Address space without gaps, cut into blocks.
struct Heap::Region {
  Heap* heap;
  char* begin;
  std::vector<bool> committed;  // by page

  void mark(std::size_t page, std::size_t end, bool is_committed) {
    for (; page < end; ++page) committed[page] = is_committed;
  }
};

// Stands before the memory of every block, free or not.
struct alignas(kUnit) Heap::Block {
  Region* region;
  std::size_t size;  // with this header
  Block* before;     // the neighbour in the region, null at its begin
  bool is_free, is_last;
  Block *next, *previous;  // of the same list, while it is free

  char* begin() const { return reinterpret_cast<char*>(const_cast<Block*>(this)); }
  char* end() const { return begin() + size; }
  Block* after() const { return is_last ? nullptr : reinterpret_cast<Block*>(end()); }
};

// Gives a thread its heap for as long as it runs.
struct OwnHeap {
  OwnHeap() {
    Heaps& known = heaps();
    const std::lock_guard lock(known.mutex);
    if (known.idle.empty()) {
      heap = new Heap;
      known.all.push_back(heap);
      known.idle.reserve(known.all.size());
    } else {
      heap = known.idle.back();
      known.idle.pop_back();
    }
  }
  ~OwnHeap() {
    const std::lock_guard lock(heaps().mutex);
    heaps().idle.push_back(heap);
  }
  OwnHeap(const OwnHeap&) = delete;
  OwnHeap& operator=(const OwnHeap&) = delete;
  Heap* heap;
};

Heap& Heap::own() {
  thread_local const OwnHeap own;
  return *own.heap;
}

int64_t Heap::held_bytes() { return held.load(); }
int64_t Heap::system_requests() { return requests.load(); }

void Heap::put(Block* block) {
  const int list = list_of(block->size);
  block->is_free = true;
  block->previous = nullptr;
  block->next = free_[list];
  if (block->next) block->next->previous = block;
  free_[list] = block;
  occupied_[list / 64] |= uint64_t{1} << list % 64;
}

void Heap::remove(Block* block) {
  const int list = list_of(block->size);
  block->is_free = false;
  if (block->next) block->next->previous = block->previous;
  (block->previous ? block->previous->next : free_[list]) = block->next;
  if (!free_[list]) occupied_[list / 64] &= ~(uint64_t{1} << list % 64);
}

// A free block of at least that size; null if there is none.
Heap::Block* Heap::find(std::size_t size) const {
  const int own = list_of(size);
  constexpr int kTries = 4;  // among those that may be too small
  Block* block = free_[own];
  for (int i = 0; block && i < kTries; ++i, block = block->next)
    if (block->size >= size) return block;
  const int first = own + 1;
  for (int word = first / 64; word < kLists / 64; ++word) {
    uint64_t bits = occupied_[word];
    if (word == first / 64) bits &= ~uint64_t{0} << first % 64;
    if (bits) return free_[64 * word + std::countr_zero(bits)];
  }
  return nullptr;
}

// A free block, in no list, of new address space: none of it is committed but its header's page.
Heap::Block* Heap::reserve(std::size_t size) {
  std::size_t bytes = std::max(kRegion, round_up(size, kPage));
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0)  // leaves room for the other threads
    while (bytes / 2 >= size && bytes > kPage && bytes > limit.rlim_cur / 16) bytes /= 2;
  bytes = round_up(bytes, kPage);
  auto region = std::make_unique<Region>();
  region->committed.resize(bytes / kPage);
  regions_.reserve(regions_.size() + 1);
  void* space =
      mmap(nullptr, bytes + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) throw std::bad_alloc();
  char* const begin = static_cast<char*>(space);
  const std::size_t skip = (kPage - reinterpret_cast<uintptr_t>(begin) % kPage) % kPage;
  if (skip > 0) munmap(begin, skip);
  munmap(begin + skip + bytes, kPage - skip);
  madvise(begin + skip, bytes, MADV_HUGEPAGE);  // a hint: its failure is harmless
  if (!make_usable(begin + skip, kPage)) {
    munmap(begin + skip, bytes);
    throw std::bad_alloc();
  }
  requests.fetch_add(1, std::memory_order_relaxed);
  held.fetch_add(kPage, std::memory_order_relaxed);
  region->heap = this;
  region->begin = begin + skip;
  region->committed[0] = true;
  regions_.push_back(std::move(region));
  Region* const home = regions_.back().get();
  return new (home->begin) Block{home, bytes, nullptr, false, true, nullptr, nullptr};
}

// Makes the first `wanted` bytes of a block usable.
void Heap::commit(const Block* block, std::size_t wanted, int64_t bound) {
  Region& region = *block->region;
  const auto offset = static_cast<std::size_t>(block->begin() - region.begin);
  const std::size_t first = offset / kPage, last = (offset + wanted - 1) / kPage;
  int64_t missing = 0;
  for (std::size_t page = first; page <= last; ++page)
    if (!region.committed[page]) missing += kPage;
  if (missing == 0) return;
  if (const int64_t excess = held.load() + missing - bound; excess > 0) shrink(excess, this);
  for (std::size_t page = first; page <= last; ++page) {
    if (region.committed[page]) continue;
    std::size_t end = page + 1;
    while (end <= last && !region.committed[end]) ++end;
    requests.fetch_add(1, std::memory_order_relaxed);
    char* const begin = region.begin + page * kPage;
    const std::size_t bytes = (end - page) * kPage;
    if (!make_usable(begin, bytes)) {
      shrink(std::numeric_limits<int64_t>::max(), this);
      if (!make_usable(begin, bytes)) throw std::bad_alloc();
    }
    region.mark(page, end, true);
    held.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed);
    page = end;
  }
}

// Returns the pages that lie in a free block, behind its header.
int64_t Heap::uncommit(const Block* block) {
  Region& region = *block->region;
  const auto offset = static_cast<std::size_t>(block->begin() - region.begin);
  const std::size_t first = round_up(offset + kUnit, kPage) / kPage;
  const std::size_t last = (offset + block->size) / kPage;
  int64_t returned = 0;
  for (std::size_t page = first; page < last; ++page) {
    if (!region.committed[page]) continue;
    std::size_t end = page + 1;
    while (end < last && region.committed[end]) ++end;
    char* const begin = region.begin + page * kPage;
    const std::size_t bytes = (end - page) * kPage;
    if (madvise(begin, bytes, MADV_DONTNEED) != 0 || mprotect(begin, bytes, PROT_NONE) != 0) break;
    region.mark(page, end, false);
    returned += static_cast<int64_t>(bytes);
    page = end;
  }
  held.fetch_sub(returned, std::memory_order_relaxed);
  return returned;
}

// Returns pages of free blocks, the largest first, until it has `bytes`; how many it found.
int64_t Heap::give_back(int64_t bytes) {
  int64_t returned = 0;
  for (int list = kLists - 1; list >= list_of(kPage); --list)
    for (const Block* block = free_[list]; block; block = block->next) {
      if (returned >= bytes) return returned;
      returned += uncommit(block);
    }
  return returned;
}

// The same of all heaps. The caller holds the lock of `locked` (or null); of a heap that is in use
// then, nothing is returned, so that two threads never wait for each other.
void Heap::shrink(int64_t bytes, Heap* locked) {
  if (locked) bytes -= locked->give_back(bytes);
  const std::lock_guard lock(heaps().mutex);
  for (Heap* heap : heaps().all) {
    if (bytes <= 0) return;
    if (heap == locked) continue;
    const std::unique_lock theirs(heap->mutex_, std::try_to_lock);
    if (theirs) bytes -= heap->give_back(bytes);
  }
}

void Heap::give_back_all() { shrink(std::numeric_limits<int64_t>::max(), nullptr); }

// Cuts what lies behind `size` off as a block of its own.
void Heap::split(Block* block, std::size_t size) {
  auto* const rest = new (block->begin() + size)
      Block{block->region, block->size - size, block, false, block->is_last, nullptr, nullptr};
  block->size = size;
  block->is_last = false;
  if (Block* const after = rest->after()) after->before = rest;
  put(rest);
}

void* Heap::take(std::size_t bytes, int64_t bound) {
  const std::size_t size = round_up(bytes, kUnit) + kUnit;
  const std::lock_guard lock(mutex_);
  Block* block = find(size);
  if (!block) put(block = reserve(size + kUnit));
  const bool has_rest = block->size >= size + 2 * kUnit;
  remove(block);  // so that its pages are not given back meanwhile
  try {
    commit(block, has_rest ? size + kUnit : block->size, bound);
  } catch (...) {
    put(block);
    throw;
  }
  if (has_rest) split(block, size);
  return block->begin() + kUnit;
}

void Heap::give(void* memory) {
  auto* block = reinterpret_cast<Block*>(static_cast<char*>(memory) - kUnit);
  Heap& heap = *block->region->heap;
  const std::lock_guard lock(heap.mutex_);
  if (Block* const after = block->after(); after && after->is_free) {
    heap.remove(after);
    block->size += after->size;
    block->is_last = after->is_last;
  }
  if (Block* const before = block->before; before && before->is_free) {
    heap.remove(before);
    before->size += block->size;
    before->is_last = block->is_last;
    block = before;
  }
  if (Block* const after = block->after()) after->before = block;
  heap.put(block);
}

}  // namespace longhaul

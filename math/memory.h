#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace longhaul {

// What a block of memory is for; each kind has its own high-water mark.
enum class Memory : uint8_t { activations, parameters, optimizer };
constexpr int kMemoryKinds = 3;

// The allocator behind every tensor. Blocks are 64-byte aligned. Those above 4 KiB come from the
// thread's heap (math/heap.h), which cuts and joins them as lengths ask for; smaller ones from the
// freeing thread's own lists. What is free is kept: after the first steps of a training loop no
// request reaches the system. But before the process would hold more than 9/8 of the peaks below
// and 16 MiB, free pages go back.
void* allocate(std::size_t bytes, Memory kind);  // throws std::bad_alloc
void release(void* block, std::size_t bytes, Memory kind);
// Gives the free pages of all threads back to the system.
void release_cached();

// The kind that this thread's new tensors count as, for the life of the scope.
class MemoryScope {
 public:
  explicit MemoryScope(Memory kind);
  ~MemoryScope();
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;
  static Memory current();

 private:
  Memory outer_;
};

int64_t live_bytes(Memory kind);
int64_t peak_bytes(Memory kind);  // highest live_bytes since the last reset
void reset_peak_bytes();          // of all kinds, to what is live now
int64_t system_requests();        // how often the allocator went to the system so far

// The same memory as a standard allocator, for the nodes behind tensors.
template <class T>
struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) {}
  T* allocate(std::size_t n) {
    return static_cast<T*>(longhaul::allocate(n * sizeof(T), Memory::activations));
  }
  void deallocate(T* p, std::size_t n) { release(p, n * sizeof(T), Memory::activations); }
  template <class U>
  bool operator==(const PoolAllocator<U>&) const {
    return true;
  }
};

// For what a reverse step keeps beside tensors: copying it never reaches the system's heap.
template <class T>
using PooledVector = std::vector<T, PoolAllocator<T>>;

template <class T>
PooledVector<T> pooled(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

}  // namespace longhaul

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace longhaul {

// Memory for the large blocks of one thread, taken from reserved address space that is made usable
// in pages of 2 MiB. Freed neighbours become one block again, so that what batches of one length
// leave serves those of any other. The search is two-level segregated fit: lists of free blocks by
// size, eight to a power of two, and a bit for each list that has one (Masmano et al., TLSF: a new
// dynamic memory allocator for real-time systems, ECRTS 2004).
//
// A block may be given back by any thread.
class Heap {
 public:
  // The calling thread's own. Heaps are never destroyed: that of a thread that ended serves the
  // next one that begins.
  static Heap& own();

  // 64-byte aligned. Before all heaps together would hold more than `bound` bytes, their free pages
  // go back to the system; where that is not enough, they hold more. Where the system refuses, all
  // free pages make room. Throws std::bad_alloc.
  void* take(std::size_t bytes, int64_t bound);
  static void give(void* block);

  static void give_back_all();  // the free pages of all heaps, to the system

  static int64_t held_bytes();       // that all heaps have from the system
  static int64_t system_requests();  // how often a heap went there so far

 private:
  struct Region;
  struct Block;
  friend struct OwnHeap;
  static constexpr int kLists = 8 * 40;

  Block* find(std::size_t size) const;
  void put(Block* block);
  void remove(Block* block);
  Block* reserve(std::size_t size);
  void commit(const Block* block, std::size_t wanted, int64_t bound);
  void split(Block* block, std::size_t size);
  int64_t give_back(int64_t bytes);
  static void shrink(int64_t bytes, Heap* locked);
  static int64_t uncommit(const Block* block);

  std::mutex mutex_;  // of all below
  std::array<Block*, kLists> free_{};
  std::array<uint64_t, kLists / 64> occupied_{};  // a bit a list
  std::vector<std::unique_ptr<Region>> regions_;
};

}  // namespace longhaul

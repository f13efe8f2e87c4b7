#include "longhaul/tape.h"

#include "longhaul/error.h"
#include "math/memory.h"

namespace longhaul {
namespace {

thread_local Tape* active_tape = nullptr;

constexpr std::size_t kBlockBytes = 64 << 10;

std::size_t aligned(std::size_t bytes) {
  constexpr std::size_t unit = alignof(std::max_align_t);
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

// A reverse step lives in a block of the tape: this header, then the closure.
struct Tape::Entry {
  Entry* previous;
  Tensor result;
  void* closure;
  void (*run)(void*);
  void (*destroy)(void*);
};

struct Tape::Block {
  Block* previous;
  std::size_t used;
};

Tape::Tape(float* slots) : slots_(slots), outer_(active_tape) { active_tape = this; }

Tape::~Tape() {
  clear();
  active_tape = outer_;
}

Tape* Tape::active() { return active_tape; }

void* Tape::append(const Tensor& result, std::size_t bytes, void (*run)(void*),
                   void (*destroy)(void*)) {
  const std::size_t header = aligned(sizeof(Entry));
  const std::size_t needed = header + aligned(bytes);
  if (!block_ || block_->used + needed > kBlockBytes) {
    require(aligned(sizeof(Block)) + needed <= kBlockBytes, "tape: a reverse step of ", bytes,
            " bytes is too large; capture tensors, not arrays");
    void* memory = allocate(kBlockBytes, Memory::activations);
    block_ = new (memory) Block{block_, aligned(sizeof(Block))};
  }
  char* place = reinterpret_cast<char*>(block_) + block_->used;
  block_->used += needed;
  last_ = new (place) Entry{last_, result, place + header, run, destroy};
  return last_->closure;
}

void Tape::backward(const Tensor& loss, float seed) {
  require(loss.size() == 1, "backward: the loss has shape ", loss.shape(), ", not one value");
  loss.grad()[0] += seed;
  while (last_) {
    Entry* entry = last_;
    last_ = entry->previous;
    if (entry->result.has_grad()) entry->run(entry->closure);
    entry->destroy(entry->closure);
    entry->~Entry();
  }
  clear();
}

void Tape::clear() {
  while (last_) {
    Entry* entry = last_;
    last_ = entry->previous;
    entry->destroy(entry->closure);
    entry->~Entry();
  }
  while (block_) {
    Block* block = block_;
    block_ = block->previous;
    release(block, kBlockBytes, Memory::activations);
  }
}

}  // namespace longhaul

#include "longhaul/tape.h"

#include "longhaul/error.h"
#include "math/memory.h"
#include "math/profile.h"

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
  ~Entry() { destroy(closure); }
  Entry* previous;
  Tensor result;
  void* closure;
  void (*run)(void*);
  void (*destroy)(void*);
};

// The last step, taken off the list; destroyed at the end of the scope, however that is left.
struct Tape::Taken {
  explicit Taken(Tape& tape) : entry(tape.last_) { tape.last_ = entry->previous; }
  ~Taken() { entry->~Entry(); }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  Entry* const entry;
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

void* Tape::reserve(std::size_t bytes) {
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
  return place + header;
}

void Tape::link(const Tensor& result, void* closure, void (*run)(void*),
                void (*destroy)(void*)) noexcept {
  void* place = static_cast<char*>(closure) - aligned(sizeof(Entry));
  last_ = new (place) Entry{last_, result, closure, run, destroy};
}

void Tape::backward(const Tensor& loss, float seed) {
  require(loss.size() == 1, "backward: the loss has shape ", loss.shape(), ", not one value");
  struct ClearAtEnd {
    ~ClearAtEnd() { tape.clear(); }
    Tape& tape;
  } const clear_at_end{*this};
  if (!loss.needs_grad()) return;
  loss.grad()[0] += seed;
  while (last_) {
    const void* const own = last_;
    {
      const Taken step(*this);
      if (step.entry->result.has_grad()) step.entry->run(step.entry->closure);
    }
    report_reverse_step(own);
  }
}

void Tape::clear() {
  while (last_) const Taken destroyed(*this);
  while (block_) {
    Block* block = block_;
    block_ = block->previous;
    release(block, kBlockBytes, Memory::activations);
  }
}

}  // namespace longhaul

#pragma once

#include <cstddef>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>

#include "longhaul/tensor.h"

namespace longhaul {

// The record of one forward pass: a flat list of reverse steps in call order, run last to first.
// Call order is already a topological order, so there is no graph and no recursion.
//
// A Tape is active on its thread from construction to destruction; without one, operators keep
// nothing (inference). Tapes nest; the innermost records.
class Tape {
 public:
  // `slots`: the lane's gradient array for parameters bound to slots (Tensor::bind_gradient_slot);
  // without it every parameter uses its own gradient buffer.
  explicit Tape(float* slots = nullptr);
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  static Tape* active();

  // Adds d(seed * loss)/dx to the gradient of every x that needs one. Throws Error unless `loss`
  // has one value. Each reverse step is destroyed as it has run, which frees the activations that
  // it kept. When a step throws, the others are destroyed without running and the exception passes
  // on: the tape is empty, and gradients are what the steps before had added.
  void backward(const Tensor& loss, float seed = 1);

  float* slots() const { return slots_; }
  const void* last_step() const { return last_; }  // null: none is recorded

  // Appends a reverse step of `result`; use record() below. Throws Error if the closure is larger
  // than 63 KiB: it should hold tensors, not arrays. What constructing it throws passes on, and the
  // tape is as before.
  template <class F>
  void push(const Tensor& result, F&& step) {
    using Step = std::decay_t<F>;
    static_assert(alignof(Step) <= alignof(std::max_align_t));
    void* closure = reserve(sizeof(Step));
    new (closure) Step(std::forward<F>(step));
    link(
        result, closure, [](void* p) { (*static_cast<Step*>(p))(); },
        [](void* p) { static_cast<Step*>(p)->~Step(); });
  }

 private:
  struct Entry;
  struct Taken;
  void* reserve(std::size_t bytes);  // for a closure, with room for its Entry before it
  void link(const Tensor& result, void* closure, void (*run)(void*),
            void (*destroy)(void*)) noexcept;
  void clear();

  Entry* last_ = nullptr;
  struct Block;
  Block* block_ = nullptr;
  float* slots_;
  Tape* outer_;
};

// Tells the profile that this thread has, if any (longhaul throughput --profile), that `function`
// has computed `result`, and which reverse step of the tape is its own.
void report_operator(const char* function, const Tensor& result,
                     std::initializer_list<Tensor> inputs, const void* step);

// Records `step` as the reverse step of `result`, if a tape is active and an input needs a
// gradient. An operator calls it last: a profile takes the function that calls it for the operator.
//
// `step` is a closure over tensor handles by value. It reads result.grad() and adds to the
// gradients of those inputs that need one; it changes nothing else. What it captures stays in
// memory until it has run. It is skipped when no gradient reached `result`.
template <class F>
void record(Tensor& result, std::initializer_list<Tensor> inputs, F&& step,
            const char* function = __builtin_FUNCTION()) {
  bool needed = false;
  Tape* const tape = Tape::active();
  if (tape)
    for (const Tensor& input : inputs) needed |= input.defined() && input.needs_grad();
  if (needed) {
    tape->push(result, std::forward<F>(step));
    result.set_needs_grad(true);
  }
  report_operator(function, result, inputs, needed ? tape->last_step() : nullptr);
}

}  // namespace longhaul

#include "math/recurrence/last_states.h"

#include <utility>

#include "longhaul/error.h"
#include "math/memory.h"
#include "math/ranks.h"

namespace longhaul {
namespace {

thread_local LastStates* active_states = nullptr;

}  // namespace

void LastStates::begin_step() { std::swap(before_, now_); }

LastStates::Place LastStates::place(int64_t layer, const Shape& shape) {
  require(
      Ranks::all().size() == 1,
      "start: last keeps the states of one process; a trial that MPI ranks share cannot have it");
  const auto has_shape = [&](const Tensor& t) { return t.defined() && t.shape() == shape; };
  Tensor &before = before_[layer], &now = now_[layer];
  const MemoryScope scope(Memory::optimizer);  // held between steps
  if (!has_shape(now)) now = Tensor(shape);
  return {has_shape(before) ? before.data() : nullptr, now.data()};
}

void LastStates::resume(int64_t layer, const Tensor& found) {
  const MemoryScope scope(Memory::optimizer);
  now_[layer] = found.clone();
}

LastStates* LastStates::active() { return active_states; }

LastStatesScope::LastStatesScope(LastStates& states)
    : outer_(std::exchange(active_states, &states)) {}
LastStatesScope::~LastStatesScope() { active_states = outer_; }

}  // namespace longhaul

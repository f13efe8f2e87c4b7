#include "longhaul/held_choices.h"

namespace longhaul {
namespace {

thread_local HeldChoices* active_choices = nullptr;

}  // namespace

HeldChoices::HeldChoices() { active_choices = this; }
HeldChoices::~HeldChoices() { active_choices = nullptr; }
HeldChoices* HeldChoices::active() { return active_choices; }

Tensor HeldChoices::next(const std::function<Tensor()>& make) {
  if (next_ == held_.size()) held_.push_back(make());
  return held_[next_++];
}

}  // namespace longhaul

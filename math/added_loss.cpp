#include "math/added_loss.h"

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"

namespace longhaul {
namespace {

thread_local AddedLoss* listener = nullptr;

}  // namespace

AddedLoss::AddedLoss() : outer_(listener) { listener = this; }
AddedLoss::~AddedLoss() { listener = outer_; }

Tensor AddedLoss::to(const Tensor& objective, float share) const {
  if (!sum_.defined()) return objective;
  return add(objective, reshape(scale(sum_, share), objective.shape()));
}

NoAddedLoss::NoAddedLoss(const char* why) {
  if (!listener) return;
  outer_ = listener->refused_;
  listener->refused_ = why;
}

NoAddedLoss::~NoAddedLoss() {
  if (listener) listener->refused_ = outer_;
}

void add_loss(const Tensor& value) {
  require(value.defined() && value.size() == 1, "add_loss: expected one number, found ",
          value.defined() ? text("the shape ", value.shape()) : "an undefined tensor");
  if (!listener) return;
  require(!listener->refused_, "add_loss: ", listener->refused_ ? listener->refused_ : "");
  const Tensor one = reshape(value, {1});
  listener->sum_ = listener->sum_.defined() ? add(listener->sum_, one) : one;
}

}  // namespace longhaul

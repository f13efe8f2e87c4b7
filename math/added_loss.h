#pragma once

#include "longhaul/tensor.h"

namespace longhaul {

// While it lives, it holds the sum of what this thread's forward pass gives to add_loss()
// (mixer.h). Without one, add_loss() does nothing.
class AddedLoss {
 public:
  AddedLoss();
  ~AddedLoss();
  AddedLoss(const AddedLoss&) = delete;
  AddedLoss& operator=(const AddedLoss&) = delete;

  Tensor to(const Tensor& objective, float share) const;  // objective + share * sum

 private:
  friend void add_loss(const Tensor& value);
  friend class NoAddedLoss;
  AddedLoss* outer_;
  Tensor sum_;                     // undefined: nothing was added
  const char* refused_ = nullptr;  // why nothing may be added now
};

// While it lives, this thread's add_loss() throws Error that says `why`, if an AddedLoss listens.
class NoAddedLoss {
 public:
  explicit NoAddedLoss(const char* why);
  ~NoAddedLoss();
  NoAddedLoss(const NoAddedLoss&) = delete;
  NoAddedLoss& operator=(const NoAddedLoss&) = delete;

 private:
  const char* outer_ = nullptr;
};

}  // namespace longhaul

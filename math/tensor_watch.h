#pragma once

#include <memory>
#include <vector>

#include "longhaul/tensor.h"

namespace longhaul {

// Sees every tensor that its thread makes while it lives: of what is made while a model is built,
// it tells what the model keeps. Watches nest; the innermost sees.
class TensorWatch {
 public:
  struct Made {
    Shape shape;
    const float* data;  // the same for all views of a tensor
  };

  TensorWatch();
  ~TensorWatch();
  TensorWatch(const TensorWatch&) = delete;
  TensorWatch& operator=(const TensorWatch&) = delete;

  // Those that somebody still holds, in the order in which they were made.
  std::vector<Made> held() const;

  // Called by whoever makes a tensor, and by whoever makes one that no watch should tell of. Both
  // do nothing where there is no watch.
  static void made(const Shape& shape, const float* data, const std::shared_ptr<const void>& owner);
  static void forget(const Tensor& tensor);

 private:
  struct Seen {
    Made tensor;
    std::weak_ptr<const void> owner;
  };
  std::vector<Seen> seen_;
  TensorWatch* outer_;
};

}  // namespace longhaul

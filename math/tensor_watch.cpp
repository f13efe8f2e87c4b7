#include "math/tensor_watch.h"

namespace longhaul {
namespace {

thread_local TensorWatch* innermost = nullptr;

}  // namespace

TensorWatch::TensorWatch() : outer_(innermost) { innermost = this; }
TensorWatch::~TensorWatch() { innermost = outer_; }

std::vector<TensorWatch::Made> TensorWatch::held() const {
  std::vector<Made> held;
  for (const Seen& seen : seen_)
    if (!seen.owner.expired()) held.push_back(seen.tensor);
  return held;
}

void TensorWatch::made(const Shape& shape, const float* data,
                       const std::shared_ptr<const void>& owner) {
  if (innermost) innermost->seen_.push_back({{shape, data}, owner});
}

void TensorWatch::forget(const Tensor& tensor) {
  if (innermost)
    std::erase_if(innermost->seen_,
                  [&](const Seen& seen) { return seen.tensor.data == tensor.data(); });
}

}  // namespace longhaul

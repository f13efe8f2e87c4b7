#include "harness/model/recompute.h"

#include <algorithm>

#include "longhaul/tape.h"
#include "math/added_loss.h"
#include "math/meter.h"
#include "math/precision.h"

namespace longhaul {
namespace {

Tensor again(const std::function<Tensor(const Tensor&, Dropout&)>& layer, Dropout drop,
             const Tensor& x) {
  Measurement uncounted;
  const Meter meter(uncounted);
  return layer(x, drop);
}

// A value that hands `of`'s gradient to `y`, which then has it too.
Tensor with_gradient(const Tensor& y, const Tensor& of) {
  Tensor seed(Shape{1});
  record(seed, {y}, [y, of] {
    std::copy_n(of.grad(), of.size(), y.grad_target().data);
    of.drop_grad();
  });
  return seed;
}

}  // namespace

Tensor recomputed(const std::function<Tensor(const Tensor&, Dropout&)>& layer, const Tensor& x,
                  Dropout& drop, const Tensor& weight) {
  if (!Tape::active()) return layer(x, drop);
  const Dropout before = drop;
  Tensor y;
  {
    // Operators may take another way where nothing is recorded: this tape is there to be dropped.
    const Tape dropped;
    const NoAddedLoss none("checkpoint_blocks: true would lose its gradient; set it to false");
    y = layer(x, drop);
  }
  record(y, {x, weight}, [layer, before, x, y, precision = PrecisionScope::current()] {
    const PrecisionScope scope(precision);
    Tape tape(Tape::active()->slots());
    tape.backward(with_gradient(again(layer, before, x), y));
  });
  return y;
}

}  // namespace longhaul

#pragma once

#include <functional>

#include "longhaul/network.h"
#include "longhaul/tensor.h"

namespace longhaul {

// layer(x, drop), of which the tape keeps x alone: the reverse step computes it again, to find what
// the reverse steps inside it need (Chen et al. 2016, "Training Deep Nets with Sublinear Memory
// Cost", arXiv:1604.06174). Value and gradients have the same bits as those of layer(x, drop).
// Without a tape it is layer(x, drop).
//
// `layer` must compute the same when it is called again: what it holds must outlive the tape's
// reverse pass or be held by value. The second pass draws the same dropout, counts no operations
// and notes nothing. An add_loss() in it throws Error while an AddedLoss listens. `weight`: a
// parameter of it.
Tensor recomputed(const std::function<Tensor(const Tensor&, Dropout&)>& layer, const Tensor& x,
                  Dropout& drop, const Tensor& weight);

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/tensor.h"

namespace longhaul {

// Losses that may stand in the place of cross_entropy (longhaul/ops.h), of logits [N, C] and one
// target a row. Each is weight * the sum over rows whose target is not kIgnore -> scalar; throws as
// cross_entropy does. p is the softmax of a row, t its target.

// 1 - p_t: the expected error (Karpukhin et al. 2022, arXiv:2205.09615).
Tensor smooth_accuracy_loss(const Tensor& logits, const std::vector<int32_t>& targets,
                            float weight = 1);

// -log(gamma + (1 - gamma) p_t) / (1 - gamma) (Ji et al. 2023, arXiv:2302.13344): cross entropy at
// gamma = 0, 1 - p_t in the limit gamma = 1; rows that the model thinks unlikely count less.
Tensor tailr_loss(const Tensor& logits, const std::vector<int32_t>& targets, double gamma,
                  float weight = 1);

// The earth mover's distance to the target (Ren et al. 2024, arXiv:2310.04691), where a class costs
// what its vector lacks in cosine to the target's:
//   EMO = sum_i p_i (1 - <e_i, e_t>) = 1 - <sum_i p_i e_i, e_t>
// directions [D, C] holds the unit vectors e_i as columns (unit_columns) and has no gradient. With
// orthogonal ones EMO is 1 - p_t. `mixed`: the mean of cross entropy and of EMO scaled to it,
// (CE + r EMO) / 2 with r = CE / EMO taken as a constant of each row. Time O(N D C).
Tensor emo_loss(const Tensor& logits, const std::vector<int32_t>& targets, const Tensor& directions,
                bool mixed, float weight = 1);

// Cross entropy to an answer of which every class has `smoothing` / C and t the rest (Szegedy et
// al. 2016, arXiv:1512.00567, section 7): (1 - smoothing) (-log p_t) + smoothing mean_c(-log p_c).
Tensor smoothed_cross_entropy(const Tensor& logits, const std::vector<int32_t>& targets,
                              double smoothing, float weight = 1);

// The squared error of outputs [N, C] as real answers [N * C]: weight * the sum over rows of the
// mean over C of (output - answer)^2. Throws Error where sizes differ.
Tensor squared_error(const Tensor& outputs, const std::vector<float>& answers, float weight = 1);

// The columns of x [D, C], each divided by its length (a column of zeros stays). No gradient.
Tensor unit_columns(const Tensor& x);

}  // namespace longhaul

#pragma once

#include <vector>

#include "longhaul/ops.h"

namespace longhaul {

// What some queries make of each key: the rows of attention's matrix, for measurements. Both
// tensors are [batch, heads, queries, length] and not a number where the query is padding or does
// not see the key; undefined of a mixer without such a matrix.
struct AttentionRows {
  Tensor weights;
  Tensor cosines;  // of the angle between q_i and k_j
};

// Of the queries at these positions, by the plain formula: what attention() and linear_attention()
// multiply v by. Without gradients; time queries x length x d.
AttentionRows attention_rows(const Tensor& q, const Tensor& k, const Lengths& lengths,
                             const std::vector<int64_t>& queries, const AttentionSpec& spec);
AttentionRows attention_rows(const Tensor& q, const Tensor& k, const Lengths& lengths,
                             const std::vector<int64_t>& queries, const LinearAttentionSpec& spec);

}  // namespace longhaul

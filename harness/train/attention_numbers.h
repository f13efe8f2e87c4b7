#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/attention_rows.h"

namespace longhaul {

// Means over the heads, sequences and queries of a layer; not a number where nothing counts.
struct AttentionNumbers {
  // E|a| / sqrt(E a^2) of a query's weights: 1 where all are equal, 1 / sqrt(n) where one has it
  // all (Su Jianlin, kexue.fm/archives/9889). Queries that see one key or have no weight do not
  // count.
  double concentration;
  double distance;     // |i - j| in positions, weighted by |a|; of the same queries
  double first_share;  // |a| of the first key over the sum of all; of the same queries
  // exp(entropy of the singular values over their sum) of a head's rows (Roy and Vetterli 2007), at
  // most as many as there are queries.
  double effective_rank;
  double cosine_mean, cosine_deviation;  // over all pairs
};

AttentionNumbers attention_numbers(const AttentionRows& rows, const std::vector<int64_t>& queries);

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <vector>

namespace longhaul {

constexpr int32_t kPad = 0;      // the token id that pads; never a real symbol of any task
constexpr int32_t kIgnore = -1;  // the target of a position that is not scored

// Number of real positions of each sequence of a batch: x[b, t] with t >= lengths[b] is padding.
using Lengths = std::vector<int64_t>;

// Examples side by side, padded to the longest.
struct Batch {
  std::vector<int32_t> tokens;  // [size * length], kPad beyond each sequence's end
  std::vector<float> values;    // [size * length * channels] in place of tokens, 0 beyond the end
  Lengths lengths;              // [size]
  int64_t size = 0;             // sequences; both of a pair count, all second ones after all first
  int64_t length = 0;
  std::vector<int32_t> rows;     // the scored positions, b * length + t; empty: one answer each
  std::vector<int32_t> targets;  // [rows], or one of each sequence or pair
  std::vector<float> numbers;    // of a regression: [targets, classes], their real answers

  int64_t token_count() const;  // without padding
};

}  // namespace longhaul

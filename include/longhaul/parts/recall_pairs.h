#pragma once

#include <cstdint>
#include <string>

#include "longhaul/task.h"

// Key-value pairs with pairs of noise among them: in_context_recall.cpp and noisy_recall.cpp.
namespace longhaul::recall_pairs {

// Ids: keys from 1, then values, then noise.
struct Shape {
  int64_t length;  // even
  int32_t keys, values, noise;
  double noise_share;  // of pairs
};

Example draw(Rng& rng, const Shape& shape);

// By the values shown so far alone: the commonest of them, whatever the key.
Shallow shallow(const Example& example, int64_t t, const Shape& shape);

std::string show(const Example& example, const Shape& shape);

// What is wrong with a length, or "".
std::string complaint(int64_t length);

}  // namespace longhaul::recall_pairs

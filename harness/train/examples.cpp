#include "harness/train/examples.h"

#include "longhaul/error.h"

namespace longhaul {
namespace {

constexpr int kMaxDraws = 10000;

Split split_of(const Example& example) {
  const uint64_t hash =
      hash_bytes(example.tokens.data(), example.tokens.size() * sizeof(example.tokens[0]));
  switch (hash & 3) {
    case 0:
      return Split::validation;
    case 1:
      return Split::test;
    default:
      return Split::train;
  }
}

const char* purpose(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "validation";
    default:
      return "test";
  }
}

}  // namespace

Example example(const Task& task, Split split, uint64_t seed, int64_t index) {
  Rng rng(seed, purpose(split), static_cast<uint64_t>(index));
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    Example drawn = task.draw(rng);
    if (split_of(drawn) == split) return drawn;
  }
  throw Error(text("the task has too few different examples: ", kMaxDraws,
                   " draws gave none of split ", purpose(split)));
}

}  // namespace longhaul

#include "harness/data/examples.h"

#include "harness/data/cache.h"
#include "longhaul/error.h"
#include "support/exit_status.h"

namespace longhaul {
namespace {

constexpr int kMaxDraws = 10000;

template <class T>
uint64_t hash_of(const std::vector<T>& items, uint64_t start = 0) {
  return hash_bytes(items.data(), items.size() * sizeof(T), start);
}

Split split_of(const Example& example) {
  switch (content_hash(example) & 3) {
    case 0:
      return Split::validation;
    case 1:
      return Split::test;
    default:
      return Split::train;
  }
}

// The place of item i in a random order of 0 .. n-1 that `key` names: a Feistel network of four
// rounds on the smallest even number of bits that holds n, walked until it lands below n.
int64_t shuffled(int64_t i, int64_t n, uint64_t key) {
  int half = 1;
  while (int64_t{1} << (2 * half) < n) ++half;
  const uint64_t mask = (uint64_t{1} << half) - 1;
  auto value = static_cast<uint64_t>(i);
  do {
    uint64_t left = value >> half, right = value & mask;
    for (uint64_t round = 0; round < 4; ++round) {
      const uint64_t mixed[] = {right, round};
      const uint64_t next = left ^ (hash_bytes(mixed, sizeof(mixed), key) & mask);
      left = right;
      right = next;
    }
    value = left << half | right;
  } while (value >= static_cast<uint64_t>(n));
  return static_cast<int64_t>(value);
}

// Of a data set. The task has opened it before, so what cannot be read now has gone or is damaged.
Example stored(const Task& task, Split split, int64_t index) {
  try {
    return task.at(split, index);
  } catch (const Error& error) {
    throw MachineFault(error.what());
  }
}

}  // namespace

uint64_t content_hash(const Example& example) {
  uint64_t hash = hash_of(example.tokens);
  if (!example.second.empty()) hash = hash_of(example.second, hash);
  if (!example.values.empty()) hash = hash_of(example.values, hash);
  return hash;
}

std::string metric_of(const Task& task) { return task.is_regression() ? "r2" : "accuracy"; }

const EnumNames<Split>& names_of(Split) {
  static const EnumNames<Split> names = {
      {Split::train, "train"}, {Split::validation, "validation"}, {Split::test, "test"}};
  return names;
}

Example example(const Task& task, Split split, uint64_t seed, int64_t index) {
  if (const int64_t n = task.count(split)) {
    if (split != Split::train) return stored(task, split, index % n);
    const int64_t epoch[] = {static_cast<int64_t>(seed), index / n};
    return stored(task, split, shuffled(index % n, n, hash_bytes(epoch, sizeof(epoch))));
  }
  Example drawn;
  if (task.cache() && task.cache()->find({split, seed}, index, drawn)) return drawn;
  Rng rng(seed, to_string(split), static_cast<uint64_t>(index));
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    drawn = task.draw(rng);
    if (split_of(drawn) == split) return drawn;
  }
  throw Error(text("the task has too few different examples: ", kMaxDraws,
                   " draws gave none of split ", to_string(split)));
}

}  // namespace longhaul

#pragma once

#include <string>

#include "longhaul/task.h"
#include "support/enum_names.h"

namespace longhaul {

uint64_t content_hash(const Example& example);  // of its inputs

// What a task's scores are: "accuracy", or "r2" of a regression.
std::string metric_of(const Task& task);

const EnumNames<Split>& names_of(Split);

// Example `index` of a split of a task's stream named by `seed`. Splits are disjoint by content:
// the hash of an example's tokens says which split it belongs to (half train, a quarter each
// validation and test), and draws that belong elsewhere are drawn again. Throws Error when 10000
// draws in a row miss the split (the task has too few different examples). Of a task read from
// files it is the stored example: training epoch by epoch in an order of the seed's own, else index
// modulo how many there are.
Example example(const Task& task, Split split, uint64_t seed, int64_t index);

}  // namespace longhaul

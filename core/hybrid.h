#pragma once

#include <string>
#include <vector>

#include "longhaul/registry.h"

namespace longhaul {

// The registered models that a model's name stands for, in order: "lru+lru+transformer" is three.
std::vector<std::string> mixers_of(const std::string& model);
std::string hybrid_name(const std::vector<std::string>& mixers);

// A model whose layers have these mixers in turn. An option goes to every mixer that has one of its
// name, or to one alone as "lru.state"; each sees only its own. Throws Error where the mixers agree
// on no direction, or where one of them is a whole network. A post-hoc change is made by every
// mixer that has such changes; the recurrences inside are not studied.
ModelInfo hybrid(const std::string& name, const std::vector<ModelInfo>& mixers);

}  // namespace longhaul

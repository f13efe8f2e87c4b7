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
// on no direction, or where one of them is a whole network.
ModelInfo hybrid(const std::string& name, const std::vector<ModelInfo>& mixers);

// For one option of a model that may be a hybrid, where its key is "transformer.post_hoc".
bool is_option(const std::string& key, const std::string& name);
bool has_option(const OptionMap& options, const std::string& name);
// Of every mixer that has it; if none has, NAME itself.
void set_option(OptionMap& options, const std::string& name, const OptionValue& value);

}  // namespace longhaul

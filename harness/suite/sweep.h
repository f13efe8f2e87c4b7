#pragma once

#include <string>
#include <vector>

#include "harness/suite/suite.h"
#include "harness/suite/tune.h"

namespace longhaul {

// The rows that a model's entry becomes by `sweep: {state: [16, 32, 64]}`, each named after its
// values: "lru-state16". One for every combination of the values of those keys that the model has
// as an option or setting and the entry does not give itself; the entry alone where there is none.
// Adds to `known` what could be swept.
std::vector<ModelEntry> swept(const ModelEntry& entry, const Tune& sweep, const Suite& suite,
                              const Registry& registry, std::vector<std::string>& known);

}  // namespace longhaul

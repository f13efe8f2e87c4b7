#pragma once

#include <string>
#include <vector>

#include "longhaul/registry.h"

namespace longhaul {

// What a model promises by being registered, checked by running it small. Each violation is a
// sentence that says what is wrong and where; a conforming model has none.
//   gradients of every parameter by finite differences; outputs finite and repeatable for a seed;
//   causal: no output depends on a later input; a sequence's output depends neither on its
//   neighbours in the batch nor on padding; step() returns what forward() does, position by
//   position; every length works (1, 2, odd, longer than a chunk); in a lane and outside one the
//   same result; nothing stays in memory without a tape.
std::vector<std::string> check_conformance(const ModelInfo& model, const OptionMap& options = {});

}  // namespace longhaul

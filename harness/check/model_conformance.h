#pragma once

#include <functional>
#include <string>
#include <vector>

#include "longhaul/registry.h"

namespace longhaul {

// One promise of a model or task, and where it is broken: sentences, none if it is kept.
struct Promise {
  std::string name;
  std::vector<std::string> violations;
};

// Hears of each promise before it is checked, so that a crash can be told.
using PromiseBegins = std::function<void(const std::string& promise)>;

// What a model promises by being registered, checked by running it small.
//   every tensor that it keeps is declared: none looks like a forgotten parameter;
//   gradients of every parameter by finite differences; outputs finite and repeatable for a seed;
//   causal: no output depends on a later input; a sequence's output depends neither on its
//   neighbours in the batch nor on padding; step() returns what forward() does, position by
//   position; every length works (1, 2, odd, longer than a chunk); in a lane and outside one the
//   same result; nothing stays in memory without a tape.
// Throws Error if the model cannot be built, or not with these options.
std::vector<Promise> check_promises(const ModelInfo& model, const OptionMap& options = {},
                                    const PromiseBegins& begins = nullptr);
// The violations alone, each naming the model and the promise.
std::vector<std::string> check_conformance(const ModelInfo& model, const OptionMap& options = {});

}  // namespace longhaul

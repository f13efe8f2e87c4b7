#pragma once

#include <string>
#include <vector>

#include "harness/suite/suite.h"
#include "longhaul/registry.h"

namespace longhaul {

// A registry of tiny models and tasks, for tests of what surrounds them:
//   models  copy (causal; option heads 1 .. 8, must divide d_model),
//           mirror (bidirectional; no options)
//   tasks   coin (option sides 2 .. 6; one answer a sequence),
//           echo (options length, weight; an answer a position)
Registry fake_registry();

// The suite of a file with that text, of its models and tasks.
Suite load_fake_suite(const std::string& yaml, const std::vector<std::string>& overrides = {});

}  // namespace longhaul

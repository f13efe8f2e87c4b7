#pragma once

#include <string>

#include "longhaul/error.h"
#include "longhaul/task.h"

namespace longhaul {

// The split that a --split names. Throws Error in the name of `command`.
inline Split split_from(const std::string& name, const std::string& command) {
  if (name == "train") return Split::train;
  if (name == "validation") return Split::validation;
  require(name == "test", command, ": --split: found '", name,
          "', allowed: train | validation | test");
  return Split::test;
}

}  // namespace longhaul

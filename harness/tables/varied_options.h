#pragma once

#include <set>
#include <string>

#include "harness/tables/results.h"

namespace longhaul {

// Options of models and settings that are not the same in all trials of the results.
class VariedOptions {
 public:
  explicit VariedOptions(const Results& results);

  std::string of(const Trial& trial) const;  // "heads=4 learning_rate=0.003"

 private:
  std::set<std::string> names_;
};

}  // namespace longhaul

#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"

namespace longhaul {

// Which trials of a suite a run does; the others stay as they are. An empty one is all.
class Only {
 public:
  // Of words such as "model=lru,gla" or "seed=0": a trial must meet each. Throws Error naming what
  // is allowed.
  static Only from_words(const std::vector<std::string>& words);

  bool is_all() const { return allowed_.empty(); }
  bool holds(const TrialSpec& spec) const;
  // Throws Error with the nearest for a value that no trial has.
  void require_known(const std::vector<TrialSpec>& specs) const;

 private:
  std::map<std::string, std::vector<std::string>> allowed_;  // by key
};

}  // namespace longhaul

#pragma once

#include <functional>
#include <map>
#include <string>

#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"

namespace longhaul {

// The memory that trials will hold, so that those that run at once fit into what is free.
class MemoryForecast {
 public:
  // `planned`: bytes that a plan foretold of a trial, 0 where there is none; may be empty.
  explicit MemoryForecast(std::function<double(const TrialSpec&)> planned);

  void learn(const TrialSpec& spec, const TrialRecord& record);  // of a trial that went well
  // Bytes: the most that a trial of this model and task held, else what was planned; 0: unknown.
  double of(const TrialSpec& spec);

 private:
  std::function<double(const TrialSpec&)> planned_;
  std::map<std::string, double> held_, foretold_;  // by model and task
};

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "longhaul/options.h"

namespace longhaul {

struct MeasuredValue {
  std::string name, meaning;
  bool is_timed = false;  // a time, which differs from run to run
};

// Something that is measured without training a suite's models: a formula against chance, a solver
// against a loop. `run` finds every one of `values`; but for the timed ones they depend on the seed
// alone.
struct ClaimMeasurement {
  std::vector<MeasuredValue> values;
  std::function<std::map<std::string, double>(uint64_t seed)> run;
};

struct MeasurementInfo {
  std::string name;  // the stem of its file in measurements/
  std::string about;
  // Reads its options, as a model's constructor does.
  std::function<ClaimMeasurement(Options&)> make;
};

// All there are, by name.
const std::vector<MeasurementInfo>& measurements();
// Throws Error with the nearest name.
const MeasurementInfo& find_measurement(const std::string& name);

// One function a file of measurements/.
MeasurementInfo attention_concentration();
MeasurementInfo attention_scale();
MeasurementInfo block_cosine();
MeasurementInfo emo_optimum();
MeasurementInfo emo_synonyms();
MeasurementInfo favor_kernel();
MeasurementInfo lyapunov_threshold();
MeasurementInfo retry_attempts();
MeasurementInfo solver();

}  // namespace longhaul

#include "harness/claims/measurement.h"

#include <algorithm>

#include "longhaul/error.h"
#include "support/choices.h"

namespace longhaul {

const std::vector<MeasurementInfo>& measurements() {
  static const std::vector<MeasurementInfo> all = {attention_concentration(),
                                                   attention_scale(),
                                                   block_cosine(),
                                                   emo_optimum(),
                                                   emo_synonyms(),
                                                   favor_kernel(),
                                                   lyapunov_threshold(),
                                                   retry_attempts(),
                                                   solver()};
  return all;
}

const MeasurementInfo& find_measurement(const std::string& name) {
  return row_named("measurement", name, measurements());
}

}  // namespace longhaul

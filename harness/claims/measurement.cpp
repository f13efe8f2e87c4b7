#include "harness/claims/measurement.h"

#include <algorithm>

#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

const std::vector<MeasurementInfo>& measurements() {
  static const std::vector<MeasurementInfo> all = {attention_concentration(),
                                                   attention_scale(),
                                                   block_cosine(),
                                                   emo_optimum(),
                                                   emo_synonyms(),
                                                   favor_kernel(),
                                                   retry_attempts(),
                                                   solver()};
  return all;
}

const MeasurementInfo& find_measurement(const std::string& name) {
  std::vector<std::string> known;
  for (const MeasurementInfo& info : measurements()) {
    if (info.name == name) return info;
    known.push_back(info.name);
  }
  throw Error(text("no measurement '", name, "'", nearest_and_known(name, known)));
}

}  // namespace longhaul

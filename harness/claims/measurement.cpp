#include "harness/claims/measurement.h"

#include <algorithm>

#include "longhaul/error.h"

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
  std::string list;
  for (const MeasurementInfo& info : measurements()) {
    if (info.name == name) return info;
    known.push_back(info.name);
    list += " " + info.name;
  }
  const std::string near = nearest(name, known);
  throw Error(text("no measurement '", name, "'; ",
                   near.empty() ? "" : "did you mean '" + near + "'? ", "known:", list));
}

}  // namespace longhaul

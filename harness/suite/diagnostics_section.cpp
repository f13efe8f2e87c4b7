#include "harness/suite/diagnostics_section.h"

#include <algorithm>

#include "harness/settings/diagnostics.h"
#include "harness/suite/read_list.h"

namespace longhaul {

std::vector<std::string> read_diagnostics(const Section& suite) {
  const std::vector<std::string>& known = diagnostic_names();
  std::string allowed;
  for (const std::string& name : known) allowed += (allowed.empty() ? "" : ", ") + name;
  const auto take = [&](const OptionValue& given, std::string& name) {
    name = to_text(given);
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  std::vector<std::string> asked =
      read_list<std::string>(suite, "diagnostics", "[update_cosine]", allowed, take);
  const auto place = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name);
  };
  std::sort(asked.begin(), asked.end(),
            [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return asked;
}

}  // namespace longhaul

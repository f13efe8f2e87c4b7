#include "support/choices.h"

#include <algorithm>
#include <cctype>

#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

bool is_snake_case(const std::string& name) {
  return !name.empty() && std::islower(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::islower(c) || std::isdigit(c) || c == '_';
         });
}

void refuse_name(const std::string& kind, const std::string& name,
                 const std::vector<std::string>& known) {
  throw Error(text("no ", kind, " '", name, "'", nearest_and_known(name, known)));
}

}  // namespace longhaul

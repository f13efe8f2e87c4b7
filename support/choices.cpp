#include "support/choices.h"

#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

void refuse_name(const std::string& kind, const std::string& name,
                 const std::vector<std::string>& known) {
  throw Error(text("no ", kind, " '", name, "'", nearest_and_known(name, known)));
}

}  // namespace longhaul

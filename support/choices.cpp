#include "support/choices.h"

#include "longhaul/error.h"
#include "longhaul/options.h"

namespace longhaul {

void refuse_name(const std::string& kind, const std::string& name,
                 const std::vector<std::string>& known) {
  const std::string near = nearest(name, known);
  std::string message = text("no ", kind, " '", name, "'; ");
  if (!near.empty()) message += text("did you mean '", near, "'? ");
  message += "known:";
  for (const std::string& one : known) message += text(" ", one);
  throw Error(message);
}

}  // namespace longhaul

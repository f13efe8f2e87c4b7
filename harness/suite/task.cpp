#include "longhaul/task.h"

#include <sstream>

namespace longhaul {

Task::~Task() = default;

Shallow Task::shallow(const Example&, int64_t) const { return {}; }

std::string Task::show(const Example& example) const {
  std::ostringstream out;
  out << "input  ";
  for (int32_t token : example.tokens) out << ' ' << token;
  out << "\ntarget ";
  for (int32_t target : example.targets)
    if (target == kIgnore)
      out << " .";
    else
      out << ' ' << target;
  out << '\n';
  return out.str();
}

}  // namespace longhaul

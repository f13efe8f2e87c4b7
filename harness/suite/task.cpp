#include "longhaul/task.h"

#include <sstream>

#include "longhaul/error.h"

namespace longhaul {

Task::~Task() = default;

int64_t Task::channels() const { return 0; }

int64_t Task::count(Split) const { return 0; }

Example Task::at(Split, int64_t) const { throw Error("this task draws its examples"); }

OptionMap Task::at_length(int64_t length) const {
  throw Error(
      text("no option makes examples of length ", length, ": the length is the task's own"));
}

bool Task::shallow_is_bag_of_tokens() const { return false; }

Picture Task::picture() const { return {}; }

Shallow Task::shallow(const Example&, int64_t) const { return {}; }

std::string Task::show(const Example& example) const {
  std::ostringstream out;
  out << "input  ";
  for (int32_t token : example.tokens) out << ' ' << token;
  for (float value : example.values) out << ' ' << value;
  if (!example.second.empty()) out << "\nsecond ";
  for (int32_t token : example.second) out << ' ' << token;
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

#include "longhaul/task.h"

#include <sstream>

#include "core/answer_numbers.h"
#include "core/picture.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

void print_input(const Example& example, std::ostream& out) {
  out << "input  ";
  for (int32_t token : example.tokens) out << ' ' << token;
  for (float value : example.values) out << ' ' << value;
  if (!example.second.empty()) out << "\nsecond ";
  for (int32_t token : example.second) out << ' ' << token;
  out << "\ntarget";
}

}  // namespace

Task::~Task() = default;

int64_t Task::channels() const { return 0; }

bool Task::is_regression() const { return false; }

double Task::answer_unit() const { return 1; }

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
  if (picture().width > 0)
    out << shade_text(picture(), pixels_of(*this, example)) << "target";
  else
    print_input(example, out);
  const std::size_t outputs = numbers_a_target(example);
  for (std::size_t t = 0; t < example.targets.size(); ++t)
    if (example.targets[t] == kIgnore)
      out << " .";
    else if (outputs == 0)
      out << ' ' << example.targets[t];
    else
      for (std::size_t i = 0; i < outputs; ++i)
        out << (i == 0 ? ' ' : ',') << example.numbers[t * outputs + i];
  out << '\n';
  return out.str();
}

}  // namespace longhaul

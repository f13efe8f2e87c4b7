#include "harness/suite/limits.h"

#include "harness/suite/section.h"

namespace longhaul {

const std::vector<Field<Limits>>& limit_fields() {
  using F = Field<Limits>;
  static const std::vector<F> fields = {
      {"memory", F::Size{&Limits::memory}, "memory of its own that it may ask the system for"},
      {"seconds", F::Duration{&Limits::seconds}, "from its start to its end"},
      {"stall", F::Duration{&Limits::stall},
       "without a training step; a validation or a test must fit into it"},
  };
  return fields;
}

Limits read_limits(const Section& section) {
  return read_section(section, limit_fields(), Limits());
}

}  // namespace longhaul

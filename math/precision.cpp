#include "math/precision.h"

#include <algorithm>

#include "longhaul/error.h"
#include "math/instruction_set.h"

namespace longhaul {

static thread_local Precision current_precision = Precision::float32;

const std::vector<std::string>& precision_names() {
  static const std::vector<std::string> names = {"float32", "bf16", "bf16_emulated"};
  return names;
}

std::string precision_problem(const std::string& name) {
  if (name != "bf16" || has_bf16_instructions()) return "";
  return text(
      "precision bf16 needs a processor with AVX512-BF16, which this machine lacks (kernels: ",
      instruction_set(), "); bf16_emulated gives the same results");
}

Precision precision_of(const std::string& name) {
  const auto& names = precision_names();
  const auto found = std::find(names.begin(), names.end(), name);
  require(found != names.end(), "precision: found '", name,
          "', allowed: float32, bf16 or bf16_emulated");
  const std::string problem = precision_problem(name);
  require(problem.empty(), problem);
  return static_cast<Precision>(found - names.begin());
}

PrecisionScope::PrecisionScope(Precision precision) : before_(current_precision) {
  current_precision = precision;
}
PrecisionScope::~PrecisionScope() { current_precision = before_; }
Precision PrecisionScope::current() { return current_precision; }

}  // namespace longhaul

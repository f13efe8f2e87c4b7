#pragma once

#include <string>
#include <vector>

namespace longhaul {

// Of the products that models ask for (matmul, gated_mlp), in both directions. With bf16 the
// operands are rounded to bf16 and their products summed in float32; all else is float32.
enum class Precision {
  float32,
  bf16,          // by the processor's instructions (has_bf16_instructions)
  bf16_emulated  // by others, with the same bits
};

// Their names, in the order of the enum.
const std::vector<std::string>& precision_names();
// Throws Error where a name is none of these, or the processor cannot do it.
Precision precision_of(const std::string& name);
// Why it cannot; "" where it can.
std::string precision_problem(const std::string& name);

// What operators take that this thread calls while it lives. The threads of parallel_for have the
// scope of their caller; a reverse step has that of its operator.
class PrecisionScope {
 public:
  explicit PrecisionScope(Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;
  static Precision current();  // float32 outside of all

 private:
  const Precision before_;
};

}  // namespace longhaul

#pragma once

#include <string>

namespace longhaul {

// What the kernels that were loaded are compiled for: "x86-64-v4" (AVX-512), "x86-64-v3" (AVX2 and
// FMA) or "generic".
std::string instruction_set();

// Whether they may multiply pairs of bf16 (AVX512-BF16): on x86-64-v4 where the processor has it.
bool has_bf16_instructions();

}  // namespace longhaul

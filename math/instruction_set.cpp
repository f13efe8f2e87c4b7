#include "math/instruction_set.h"

std::string longhaul::instruction_set() { return LONGHAUL_INSTRUCTION_SET; }

bool longhaul::has_bf16_instructions() {
#ifdef __AVX512F__
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

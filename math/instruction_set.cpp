#include "math/instruction_set.h"

std::string longhaul::instruction_set() { return LONGHAUL_INSTRUCTION_SET; }

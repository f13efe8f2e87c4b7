#pragma once

#include <string>
#include <vector>

#include "harness/claims/verdict.h"

namespace longhaul {

std::string verdict_text(const Verdict& verdict);  // verdict.txt

// A line for each, aligned, and a count below.
std::string verdict_table(const std::vector<VerdictSummary>& verdicts);

}  // namespace longhaul

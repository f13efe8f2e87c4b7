#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

// The expressions of listops as ids; listops.cpp tells what they mean.
namespace longhaul::listops {

enum Token : int32_t { kMin = 1, kMax, kMed, kSum, kDigit = 5, kClose = 15, kVocab };
constexpr int kOperators = 4;
constexpr int kDigits = 10;

// The ids of a printed expression, words between blanks; round brackets carry nothing and are left
// out. Throws Error naming a word that is none.
std::vector<int32_t> parse(std::string_view source);

// Throws Error where the ids are not one whole expression.
int32_t evaluate(const std::vector<int32_t>& tokens);

}  // namespace longhaul::listops

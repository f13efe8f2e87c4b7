#pragma once

#include <cstdint>
#include <string>

#include "longhaul/rng.h"

namespace longhaul {

// A bracketed expression and its value modulo the number of digits.
struct Brackets {
  std::string text;
  int64_t value = 0;
};

// An expression of just `length` symbols, over the digits 0 .. modulus-1 and operators such as
// "+-*":
//
//   length 1  d        2  -d        3  (d)        4  (-d)
//   longer    (left operator right), left's length uniform on 1 .. length - 4
//
// Every operation has its brackets and a unary minus stands before one digit only, after ( or an
// operator or at the start, so each expression reads in one way.
Brackets draw_brackets(Rng& rng, int64_t length, int64_t modulus, const std::string& operators);

}  // namespace longhaul

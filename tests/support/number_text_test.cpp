#include "support/number_text.h"

#include <cstdint>

#include "longhaul/options.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("a number is read from text that is one as a whole and fits", "[support]") {
  int64_t whole = 0;
  REQUIRE(read_number("010", whole));
  CHECK(whole == 10);
  REQUIRE(read_number("-9223372036854775808", whole));
  CHECK(whole == INT64_MIN);
  for (const char* other : {"", " 1", "1 ", "1x", "+1", "0x10", "1e3", "9223372036854775808"})
    CHECK_FALSE(read_number(other, whole));
  uint64_t natural = 0;
  CHECK_FALSE(read_number("-1", natural));
  double real = 0;
  REQUIRE(read_number("1e3", real));
  CHECK(real == 1000);
  CHECK_FALSE(read_number("1e999", real));
}

TEST_CASE("the smallest numbers are written as they are read", "[support]") {
  for (const double number : {5e-324, 1e-310, 0.1, 1e22, -2.5}) {
    double read = 0;
    REQUIRE(read_number(to_text(OptionValue(number)), read));
    CHECK(read == number);
  }
}

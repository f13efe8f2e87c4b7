#include "support/number_text.h"

#include <cmath>
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
  for (const char* other : {"1e999", "nan", "inf", "-inf", "infinity", "NaN", "0x1p3", "1,5", "1_0",
                            "\u0665", "\uff15", "1 ", ".", "-", "1e"})
    CHECK_FALSE(read_number(other, real));
  for (const char* half : {".5", "0.5", "5e-1"}) {
    REQUIRE(read_number(half, real));
    CHECK(real == 0.5);
  }
}

TEST_CASE("a whole number may be written with a point or an exponent", "[support]") {
  CHECK(whole_number(OptionValue(int64_t{1000})) == 1000);
  CHECK(whole_number(OptionValue(1e3)) == 1000);
  CHECK(whole_number(OptionValue(-0.0)) == 0);
  for (const OptionValue& other :
       {OptionValue(0.5), OptionValue(1e18), OptionValue(NAN), OptionValue(INFINITY),
        OptionValue(true), OptionValue(std::string("1000"))})
    CHECK_FALSE(whole_number(other).has_value());
}

TEST_CASE("the smallest numbers are written as they are read", "[support]") {
  for (const double number : {5e-324, 1e-310, 0.1, 1e22, -2.5}) {
    double read = 0;
    REQUIRE(read_number(to_text(OptionValue(number)), read));
    CHECK(read == number);
  }
}

#include "longhaul/elementary.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "longhaul/rng.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

// The largest distance of f from `reference` at random places of [low, high], in units of the last
// place.
template <class F, class Reference>
double largest_error(double low, double high, F f, Reference reference) {
  Rng rng(1, "elementary");
  double largest = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = rng.uniform(low, high);
    const auto exact = static_cast<double>(reference(static_cast<long double>(x)));
    const double unit = std::nextafter(std::abs(exact), HUGE_VAL) - std::abs(exact);
    largest = std::max(largest, std::abs(f(x) - exact) / unit);
  }
  return largest;
}

}  // namespace

TEST_CASE("elementary functions are within four units of the last place", "[elementary]") {
  const auto check = [](double low, double high, double (*f)(double),
                        long double (*reference)(long double)) {
    INFO(low << " .. " << high);
    CHECK(largest_error(low, high, f, reference) < 4.5);
  };
  for (const double limit : {1e-3, 1.0, 700.0}) check(-limit, limit, elementary::exp, std::exp);
  for (const double limit : {1.0, 1000.0}) check(-limit, limit, elementary::exp2, std::exp2);
  for (const double limit : {1e-3, 5.0}) check(-limit, limit, elementary::expm1, std::expm1);
  for (const double limit : {2.0, 1e9}) check(0, limit, elementary::log, std::log);
  check(0.9, 1.1, elementary::log, std::log);
  check(0, 10, elementary::log2, std::log2);
  check(-0.99, 5, elementary::log1p, std::log1p);
  for (const double limit : {1.0, 10.0, 1e6}) {
    check(-limit, limit, elementary::sin, std::sin);
    check(-limit, limit, elementary::cos, std::cos);
  }
  const auto power = [](double y) { return elementary::pow(10000.0, y); };
  const auto reference = [](long double y) { return std::pow(10000.0L, y); };
  CHECK(largest_error(-1, 1, power, reference) < 2 * 9.3 + 2);
}

TEST_CASE("elementary functions have the special values of the C library", "[elementary]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double nan = std::nan("");
  CHECK(elementary::exp(-kInfinity) == 0);
  CHECK(elementary::exp(1e4) == kInfinity);
  CHECK(elementary::exp(0) == 1);
  CHECK(std::isnan(elementary::exp(nan)));
  CHECK(elementary::log(0) == -kInfinity);
  CHECK(elementary::log(1) == 0);
  CHECK(std::isnan(elementary::log(-1)));
  CHECK(elementary::log2(8.0) == 3);
  CHECK(elementary::exp2(-3.0) == 0.125);
  for (const double x : {-kInfinity, -2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, kInfinity, nan})
    for (const double y : {-kInfinity, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, kInfinity, nan}) {
      INFO(x << " to the " << y);
      const double found = elementary::pow(x, y), expected = std::pow(x, y);
      CHECK((std::isnan(expected) ? std::isnan(found) : found == Approx(expected)));
    }
  CHECK(std::isnan(elementary::sin(kInfinity)));
}

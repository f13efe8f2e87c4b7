#include "harness/settings/field.h"

#include <charconv>
#include <map>

#include "longhaul/error.h"
#include "support/choices.h"

namespace longhaul {
namespace {

constexpr double kYear = 366.0 * 86400;
constexpr double kKiB = 1024;

using Units = std::map<std::string, double>;

// A number with a unit behind it. Negative if it is none.
double measured(const std::string& given, const Units& units) {
  const char* end = given.data() + given.size();
  double count = 0;
  const auto [rest, error] = std::from_chars(given.data(), end, count);
  if (error != std::errc()) return -1;
  const auto unit = units.find(std::string(rest, end));
  return unit == units.end() ? -1 : count * unit->second;
}

}  // namespace

double read_duration(Options& options, const std::string& name, double default_value,
                     const std::string& description) {
  const std::string given = options.text(name, to_text(default_value) + "s", description);
  const Units units = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
  const double seconds = measured(given, units);
  if (seconds >= 0 && seconds <= kYear) return seconds;
  options.problem(name, text("found '", given, "', allowed: a time such as 500ms, 2s or 1m"));
  return default_value;
}

double read_size(Options& options, const std::string& name, double default_value,
                 const std::string& description) {
  const std::string given = options.text(name, to_text(default_value), description);
  const Units units = {{"", 1},
                       {"KiB", kKiB},
                       {"MiB", kKiB * kKiB},
                       {"GiB", kKiB * kKiB * kKiB},
                       {"TiB", kKiB * kKiB * kKiB * kKiB}};
  const double bytes = measured(given, units);
  if (bytes >= 0 && bytes < 1e18) return bytes;
  options.problem(name, text("found '", given, "', allowed: a size such as 512MiB or 4GiB"));
  return default_value;
}

std::string read_name(Options& options, const std::string& name, const std::string& default_value,
                      const std::string& description) {
  const std::string given = options.text(name, default_value, description);
  if (is_snake_case(given)) return given;
  options.problem(name, text("found '", given, "', allowed: a name of lower-case letters, digits ",
                             "and '_', a letter first"));
  return default_value;
}

}  // namespace longhaul

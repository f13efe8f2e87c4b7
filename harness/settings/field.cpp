#include "harness/settings/field.h"

#include <charconv>
#include <map>

#include "longhaul/error.h"

namespace longhaul {
namespace {

constexpr double kLongest = 86400;

// Negative if it is no duration.
double seconds_from(const std::string& duration) {
  static const std::map<std::string, double> units = {
      {"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
  const char* end = duration.data() + duration.size();
  double count = 0;
  const auto [rest, error] = std::from_chars(duration.data(), end, count);
  if (error != std::errc()) return -1;
  const auto unit = units.find(std::string(rest, end));
  return unit == units.end() ? -1 : count * unit->second;
}

}  // namespace

double read_duration(Options& options, const std::string& name, double default_value,
                     const std::string& description) {
  const std::string given = options.text(name, to_text(default_value) + "s", description);
  const double seconds = seconds_from(given);
  if (seconds >= 0 && seconds <= kLongest) return seconds;
  options.problem(name, text("found '", given, "', allowed: a time such as 500ms, 2s or 1m"));
  return default_value;
}

}  // namespace longhaul

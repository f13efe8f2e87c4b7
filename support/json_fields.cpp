#include "support/json_fields.h"

#include <limits>

#include "longhaul/error.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul::json_detail {
namespace {

// Of a whole number that fits.
template <class Integer>
void read_integer(const json& found, const std::string& path, Integer& value) {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<Integer>::max());
  const bool fits = found.is_number_unsigned()
                        ? found.get<uint64_t>() <= kMost
                        : found.is_number_integer() && std::is_signed_v<Integer>;
  if (!fits)
    refuse_type(path, std::is_signed_v<Integer> ? "an integer" : "an integer from 0", found);
  value = found.get<Integer>();
}

}  // namespace

void refuse_type(const std::string& path, const char* expected, const json& found) {
  constexpr std::size_t kMost = 60;
  std::string shown = found.dump(-1, ' ', true, json::error_handler_t::replace);
  if (shown.size() > kMost) shown = shown.substr(0, kMost) + "...";
  throw Error(text(path, path.empty() ? "" : ": ", "expected ", expected, ", found ", shown));
}

void refuse_missing(const std::string& path) { throw Error(path + " is missing"); }

void check_keys(const json& object, const std::string& path, const std::vector<std::string>& known,
                UnknownKeys unknown) {
  std::vector<std::string> missing;
  for (const std::string& key : known)
    if (!object.contains(key)) missing.push_back(key);
  for (const auto& [key, value] : object.items()) {
    if (contains(known, key)) continue;
    if (unknown == UnknownKeys::ignore && nearest(key, missing).empty()) continue;
    throw Error(text(path_to(path, key), ": unknown key", nearest_and_known(key, known, missing)));
  }
}

std::string path_to(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

void read_json(const json& found, const std::string& path, bool& value) {
  if (!found.is_boolean()) refuse_type(path, "true or false", found);
  value = found.get<bool>();
}

void read_json(const json& found, const std::string& path, int64_t& value) {
  read_integer(found, path, value);
}

void read_json(const json& found, const std::string& path, uint64_t& value) {
  read_integer(found, path, value);
}

void read_json(const json& found, const std::string& path, double& value) {
  if (!found.is_number() && !found.is_null()) refuse_type(path, "a number", found);
  value = found.is_null() ? std::numeric_limits<double>::quiet_NaN() : found.get<double>();
}

void read_json(const json& found, const std::string& path, std::string& value) {
  if (!found.is_string()) refuse_type(path, "a text", found);
  value = found.get<std::string>();
}

void read_json(const json& found, const std::string& path, OptionValue& value) {
  if (found.is_boolean())
    value = found.get<bool>();
  else if (found.is_number_float())
    value = found.get<double>();
  else if (found.is_string())
    value = found.get<std::string>();
  else if (found.is_number_integer())
    read_json(found, path, value.emplace<int64_t>());
  else
    refuse_type(path, "a single value", found);
}

}  // namespace longhaul::json_detail

#include "longhaul/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "longhaul/error.h"
#include "support/number_text.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

const char* type_name(const OptionValue& value) {
  static const char* const names[] = {"flag", "integer", "number", "text"};
  return names[value.index()];
}

std::string join(const std::vector<std::string>& items, const char* between) {
  std::string joined;
  for (const std::string& item : items) joined += (joined.empty() ? "" : between) + item;
  return joined;
}

template <class T>
std::string range_text(T low, T high) {
  const bool from = low > std::numeric_limits<T>::lowest();
  const bool to = high < std::numeric_limits<T>::max();
  if (from && to) return longhaul::text(low, " .. ", high);
  if (from) return longhaul::text("at least ", low);
  return to ? longhaul::text("at most ", high) : std::string();
}

}  // namespace

std::string to_text(const OptionValue& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const double* number = std::get_if<double>(&value)) {
    char buffer[32];  // the shortest form that reads back the same
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, *number).ptr};
  }
  if (const int64_t* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  return std::get<std::string>(value);
}

std::string Options::key_of(const std::string& name) const {
  return given_.count(prefix_ + name) || !given_.count(name) ? prefix_ + name : name;
}

const OptionValue* Options::find(const std::string& name) const {
  const auto found = given_.find(key_of(name));
  return found == given_.end() ? nullptr : &found->second;
}

void Options::declare(OptionInfo info, OptionValue value) {
  read_.insert(info.name);
  info.name = prefix_ + info.name;
  read_.insert(info.name);
  resolved_[info.name] = std::move(value);
  const bool known = std::any_of(declared_.begin(), declared_.end(),
                                 [&](const OptionInfo& other) { return other.name == info.name; });
  if (!known) declared_.push_back(std::move(info));
}

void Options::problem(const std::string& key, const std::string& message) {
  problems_.push_back({key.empty() ? key : key_of(key), message});
}

int64_t Options::integer(const std::string& name, int64_t default_value,
                         const std::string& description, int64_t low, int64_t high) {
  int64_t value = default_value;
  const std::string allowed = range_text(low, high);
  if (const OptionValue* given = find(name)) {
    if (const std::optional<int64_t> whole = whole_number(*given))
      value = *whole;
    else
      problem(name, longhaul::text("expected an integer, found ", type_name(*given), " '",
                                   to_text(*given), "'"));
    if (value < low || value > high) {
      problem(name, longhaul::text("found ", value, ", allowed: ", allowed));
      value = default_value;
    }
  }
  declare({name, "integer", default_value, description, allowed}, value);
  return value;
}

double Options::number(const std::string& name, double default_value,
                       const std::string& description, double low, double high) {
  double value = default_value;
  const double limit = std::numeric_limits<double>::max();
  const std::string allowed = range_text(std::max(low, -limit), std::min(high, limit));
  if (const OptionValue* given = find(name)) {
    if (const double* number = std::get_if<double>(given))
      value = *number == 0 ? 0 : *number;  // -0 is the same trial as 0
    else if (const int64_t* integer = std::get_if<int64_t>(given))
      value = static_cast<double>(*integer);
    else
      problem(name, longhaul::text("expected a number, found ", type_name(*given), " '",
                                   to_text(*given), "'"));
    if (!(value >= low && value <= high) || !std::isfinite(value)) {
      problem(name, longhaul::text("found ", value,
                                   ", allowed: ", allowed.empty() ? "a finite number" : allowed));
      value = default_value;
    }
  }
  declare({name, "number", default_value, description, allowed}, value);
  return value;
}

bool Options::flag(const std::string& name, bool default_value, const std::string& description) {
  bool value = default_value;
  if (const OptionValue* given = find(name)) {
    if (const bool* flag = std::get_if<bool>(given))
      value = *flag;
    else
      problem(name, longhaul::text("expected true or false, found ", type_name(*given), " '",
                                   to_text(*given), "'"));
  }
  declare({name, "flag", default_value, description, "true | false"}, value);
  return value;
}

std::string Options::any_text(const std::string& type, const std::string& name,
                              const std::string& default_value, const std::string& description) {
  const OptionValue* given = find(name);
  std::string value = given ? to_text(*given) : default_value;
  declare({name, type, default_value, description, ""}, value);
  return value;
}

std::string Options::text(const std::string& name, const std::string& default_value,
                          const std::string& description) {
  return any_text("text", name, default_value, description);
}

std::string Options::path(const std::string& name, const std::string& default_value,
                          const std::string& description) {
  const OptionValue* given = find(name);
  const std::string value = any_text("path", name, default_value, description);
  const bool is_text = !given || std::holds_alternative<std::string>(*given);
  const bool is_home = value == "~" || value.starts_with("~/");
  if (!is_text)  // 007 would be the folder 7
    problem(name, longhaul::text("found the ", type_name(*given), " ", value,
                                 ", allowed: a path; in quotes, if it reads as another value"));
  if (is_home)
    problem(name,
            longhaul::text("found '", value, "', which only a shell can resolve, and only at ",
                           "the start of a word, allowed: the whole path"));
  return is_text && !is_home ? value : default_value;
}

std::string Options::choice(const std::string& name, const std::string& default_value,
                            const std::vector<std::string>& allowed,
                            const std::string& description) {
  std::string value = default_value;
  if (const OptionValue* given = find(name)) {
    value = to_text(*given);
    if (!contains(allowed, value)) {
      problem(name, not_allowed(value, allowed));
      value = default_value;
    }
  }
  declare({name, "choice", default_value, description, join(allowed, " | ")}, value);
  return value;
}

std::vector<OptionProblem> Options::problems() const {
  std::vector<OptionProblem> all = problems_;
  std::vector<std::string> names;
  for (const OptionInfo& info : declared_) names.push_back(info.name);
  for (const std::string& name : unread())
    all.push_back({name, "unknown option" + nearest_and_known(name, names)});
  return all;
}

std::vector<std::string> Options::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : given_)
    if (!read_.count(name)) names.push_back(name);
  return names;
}

OptionMap Options::resolved() const { return resolved_; }

void Options::check(const std::string& who) const {
  std::string message;
  for (const OptionProblem& problem : problems())
    message +=
        longhaul::text(message.empty() ? "" : "\n", who, ": ", problem.key, ": ", problem.message);
  if (!message.empty()) throw Error(message);
}

}  // namespace longhaul

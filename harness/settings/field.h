#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "longhaul/options.h"

namespace longhaul {

// A table of fields says what a struct holds. From its rows the struct is read and written, and
// `longhaul show`, docs and the JSON schema have what they say of it.
template <class Owner>
struct Field {
  struct Integer {
    int64_t Owner::*member;
    int64_t low = 0, high = std::numeric_limits<int64_t>::max();
  };
  struct Number {
    double Owner::*member;
    double low = 0, high = std::numeric_limits<double>::infinity();
  };
  struct Flag {
    bool Owner::*member;
  };
  struct Choice {
    std::string Owner::*member;
    std::vector<std::string> names;
  };
  struct Name {  // what a plugin may bring others of
    std::string Owner::*member;
    std::vector<std::string> builtin;
  };
  struct Duration {  // "500ms", "2s", "1.5m", "1h", or a number of seconds; a year at most
    double Owner::*member;
  };
  struct Size {  // "512MiB", "4GiB", or a number of bytes
    double Owner::*member;
  };

  std::string name;
  std::variant<Integer, Number, Flag, Choice, Name, Duration, Size> value;
  std::string description;
};

// Reads a duration in seconds, or a size in bytes, and notes what is none as a problem.
double read_duration(Options& options, const std::string& name, double default_value,
                     const std::string& description);
double read_size(Options& options, const std::string& name, double default_value,
                 const std::string& description);

// Reads a name of lower-case letters, digits and '_', and notes what is none as a problem.
std::string read_name(Options& options, const std::string& name, const std::string& default_value,
                      const std::string& description);

// Reads the fields from options (and so declares them for --help and errors); what is not given
// keeps its value from `base`. `Row` is a Field of Owner, or derived from one.
template <class Row, class Owner>
Owner read_fields(const std::vector<Row>& fields, Options& options, const Owner& base) {
  using F = Field<Owner>;
  Owner read = base;
  for (const F& field : fields) {
    const auto& [name, value, description] = field;
    if (const auto* integer = std::get_if<typename F::Integer>(&value))
      read.*integer->member =
          options.integer(name, base.*integer->member, description, integer->low, integer->high);
    else if (const auto* number = std::get_if<typename F::Number>(&value))
      read.*number->member =
          options.number(name, base.*number->member, description, number->low, number->high);
    else if (const auto* flag = std::get_if<typename F::Flag>(&value))
      read.*flag->member = options.flag(name, base.*flag->member, description);
    else if (const auto* choice = std::get_if<typename F::Choice>(&value))
      read.*choice->member = options.choice(name, base.*choice->member, choice->names, description);
    else if (const auto* open = std::get_if<typename F::Name>(&value))
      read.*open->member = read_name(options, name, base.*open->member, description);
    else if (const auto* duration = std::get_if<typename F::Duration>(&value))
      read.*duration->member = read_duration(options, name, base.*duration->member, description);
    else if (const auto* size = std::get_if<typename F::Size>(&value))
      read.*size->member = read_size(options, name, base.*size->member, description);
  }
  return read;
}

template <class Owner>
void copy_field(const Field<Owner>& field, const Owner& from, Owner& to) {
  std::visit([&](const auto& value) { to.*value.member = from.*value.member; }, field.value);
}

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace longhaul {

using OptionValue = std::variant<bool, int64_t, double, std::string>;
using OptionMap = std::map<std::string, OptionValue>;

std::string to_text(const OptionValue& value);  // as YAML would read it back

// One option as its reader declared it: what `longhaul show` prints.
struct OptionInfo {
  std::string name;
  std::string type;           // "integer", "number", "flag", "text", "path" or "choice"
  OptionValue default_value;  // the default
  std::string description;
  std::string allowed;  // "1 .. 64", "none | learned | rope"; empty if anything goes
};

// A wrong or unknown option.
struct OptionProblem {
  std::string key;
  std::string message;  // what was found, what is allowed, the nearest valid name
};

// Options given by the user, read by the constructor of a model or task. Reading declares: each
// call names the option, its default and its description. A value of the wrong type or out of range
// is noted as a problem and the default returned, so that one pass finds every problem. Read all
// options unconditionally: an option that was given and never read is a problem too.
class Options {
 public:
  Options() = default;
  explicit Options(OptionMap given) : given_(std::move(given)) {}

  int64_t integer(const std::string& name, int64_t default_value, const std::string& description,
                  int64_t low = 0, int64_t high = std::numeric_limits<int64_t>::max());
  double number(const std::string& name, double default_value, const std::string& description,
                double low = -std::numeric_limits<double>::infinity(),
                double high = std::numeric_limits<double>::infinity());
  bool flag(const std::string& name, bool default_value, const std::string& description);
  std::string text(const std::string& name, const std::string& default_value,
                   const std::string& description);
  // A file or folder of data, "" for none. A trial is told apart by what it holds, not by its
  // place. A number or a flag is a problem, and so is "~/...", which only a shell can resolve.
  std::string path(const std::string& name, const std::string& default_value,
                   const std::string& description);
  std::string choice(const std::string& name, const std::string& default_value,
                     const std::vector<std::string>& allowed, const std::string& description);

  // Reads for one of several readers, a mixer of a hybrid: NAME is looked for as "reader.NAME",
  // then as NAME, and declared as "reader.NAME". "" is no one in particular.
  void set_reader(const std::string& reader) { prefix_ = reader.empty() ? "" : reader + "."; }

  // Notes a problem that the reader found itself (two options that contradict each other).
  void problem(const std::string& key, const std::string& message);

  const std::vector<OptionInfo>& declared() const { return declared_; }
  std::vector<OptionProblem> problems() const;  // noted ones, then options that nobody read
  std::vector<std::string> unread() const;      // given, but no option of any reader
  OptionMap resolved() const;                   // every declared option with the value it has
  void check(const std::string& who) const;     // throws Error listing all problems, if any

 private:
  std::string key_of(const std::string& name) const;  // under which it is given, if it is
  const OptionValue* find(const std::string& name) const;
  std::string any_text(const std::string& type, const std::string& name,
                       const std::string& default_value, const std::string& description);
  void declare(OptionInfo info, OptionValue value);

  OptionMap given_;
  std::string prefix_;
  std::set<std::string> read_;  // keys that were looked for
  std::vector<OptionInfo> declared_;
  OptionMap resolved_;
  std::vector<OptionProblem> problems_;
};

// The candidate nearest to `name` by edit distance, or "" when none is near.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace longhaul

#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/settings/option_check.h"
#include "harness/settings/trial_spec.h"
#include "harness/suite/config.h"
#include "harness/suite/suite.h"

namespace longhaul {

// One map of a suite file while it is read: hands out what it holds, and places problems at its
// keys.
class Section {
 public:
  // `path` is how problems name it: "budget", "models.transformer", "" for the file. A node that is
  // not a map, or that has a key twice, is a problem. The node and the problems must outlive it.
  Section(const ConfigNode& node, std::string path, Problems& problems);

  const ConfigNode* find(const std::string& key) const { return node_->find(key); }
  std::vector<std::string> keys() const;
  // The value of a key that must be there and of that kind; null, and a problem, if it is not.
  const ConfigNode* expect(const std::string& key, ConfigNode::Kind kind,
                           const std::string& example) const;
  // The single values, but for the keys `elsewhere`; anything else under a key is a problem.
  OptionMap values(const std::vector<std::string>& elsewhere = {}) const;
  // Those of the map at a key that is there, as "key.name".
  OptionMap group(const std::string& key) const;
  std::string name(const std::string& key) const;  // letters, digits, '_', '-'; "" with a problem
  Section section(const std::string& key) const;   // that is there

  // Places a problem at `key`, or at the whole section if the key is not there.
  void problem(const std::string& key, const std::string& message) const;
  void unknown(const std::string& key, const std::vector<std::string>& known,
               const std::vector<std::string>& also = {}) const;
  void report(const Options& options) const;  // its problems
  // `also`: keys that may stand here beside the options of the model or task.
  void report(const OptionCheck& check, const std::vector<std::string>& also = {}) const;

 private:
  std::string path_to(const std::string& key) const;

  const ConfigNode* node_;
  std::string path_;
  Problems* problems_;
};

// A section that is a table of fields and nothing else.
template <class Row, class Owner>
Owner read_section(const Section& section, const std::vector<Row>& fields, const Owner& base) {
  Options options(section.values());
  const Owner read = read_fields(fields, options, base);
  section.report(options);
  return read;
}

// Each reads one section, placing its problems.
const std::vector<Field<Budget>>& budget_fields();
Budget read_budget(const Section& section);
const std::vector<Field<Retry>>& retry_fields();
Retry read_retry(const Section& section);
Settings read_defaults(const Section& section, const Registry& registry);

// The names that a list holds, in the order of the known ones; [] where there is none.
std::vector<std::string> read_names(const Section& suite, const std::string& key,
                                    const std::string& example,
                                    const std::vector<std::string>& known);

// The values that a setting takes in turn, one or a list of them; none where the key is missing.
std::vector<std::string> read_axis(const Section& suite, const std::string& key,
                                   const Registry& registry);

std::vector<std::string> setting_names();

}  // namespace longhaul

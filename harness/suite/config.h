#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "longhaul/options.h"

namespace longhaul {

// Where a configured value stands: a line of a file, or a --set argument.
struct Place {
  std::string source;
  int line = 0;  // from 1; 0 for a --set argument
};

// One YAML value and where it stands. Maps keep the order of the file, and duplicate keys.
struct ConfigNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  Place place;
  std::string key;                   // within a map, else ""
  OptionValue scalar;                // typed as YAML 1.2 reads it
  std::string written;               // the scalar as it is written: what names go by
  std::vector<ConfigNode> children;  // of a list or map

  const ConfigNode* find(const std::string& name) const;  // last child of that key, or null
  ConfigNode* find(const std::string& name);
};

std::string to_text(ConfigNode::Kind kind);      // "a list"
std::string found_text(const ConfigNode& node);  // "found 'x'", "found a list"

// A row of a list given by its bare name becomes the map {name: ...}; others stay.
void expand_row(ConfigNode& row);

// Everything that is wrong with a configuration, so that one run reports it all.
class Problems {
 public:
  // `path` names the value, such as "models.transformer.heads"; "" is the whole.
  void add(const Place& place, const std::string& path, const std::string& message);
  bool empty() const { return problems_.empty(); }
  void check() const;  // throws Error with one line a problem, in the order of the file

 private:
  struct Problem {
    Place place;
    std::string line;
  };
  std::vector<Problem> problems_;
};

// Writes "PATH=VALUE" into `root`: keys joined by dots, entries of a list by their name. A value
// that begins with [, { or a quote is YAML; any other is one word that is taken as it stands, with
// '#', ': ' and '~' in it. What it adds carries the argument as its place, so that whoever reads
// the tree finds an unknown key of it like any other.
void apply_override(ConfigNode& root, const std::string& assignment, Problems& problems);

}  // namespace longhaul

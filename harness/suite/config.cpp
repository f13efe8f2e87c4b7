#include "harness/suite/config.h"

#include <algorithm>
#include <utility>

#include "harness/suite/yaml.h"
#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

const ConfigNode* name_of(const ConfigNode& row) {
  if (row.kind == ConfigNode::Kind::scalar) return &row;
  for (const char* key : {"name", "model", "task"})
    if (const ConfigNode* found = row.find(key)) return found;
  return nullptr;
}

// The row of that name in a list of rows; null, and a problem, if there is none.
ConfigNode* find_row(ConfigNode& list, const std::string& name, const std::string& path,
                     const Place& place, Problems& problems) {
  std::vector<std::string> names;
  for (ConfigNode& row : list.children) {
    const ConfigNode* found = name_of(row);
    if (!found || found->kind != ConfigNode::Kind::scalar) continue;
    names.push_back(found->written);
    if (names.back() == name) {
      expand_row(row);
      return &row;
    }
  }
  problems.add(place, "", text("no '", name, "' in ", path, nearest_and_known(name, names)));
  return nullptr;
}

ConfigNode& child(ConfigNode& map, const std::string& key, const Place& place) {
  if (ConfigNode* found = map.find(key)) return *found;
  map.kind = ConfigNode::Kind::map;
  ConfigNode added;
  added.key = key;
  added.place = place;
  map.children.push_back(added);
  return map.children.back();
}

}  // namespace

const ConfigNode* ConfigNode::find(const std::string& name) const {
  if (kind != Kind::map) return nullptr;
  const auto found = std::find_if(children.rbegin(), children.rend(),
                                  [&](const ConfigNode& node) { return node.key == name; });
  return found == children.rend() ? nullptr : &*found;
}

ConfigNode* ConfigNode::find(const std::string& name) {
  return const_cast<ConfigNode*>(std::as_const(*this).find(name));
}

std::string to_text(ConfigNode::Kind kind) {
  switch (kind) {
    case ConfigNode::Kind::null:
      return "nothing";
    case ConfigNode::Kind::scalar:
      return "a single value";
    case ConfigNode::Kind::list:
      return "a list";
    default:
      return "a map";
  }
}

std::string found_text(const ConfigNode& node) {
  if (node.kind == ConfigNode::Kind::scalar) return text("found '", node.written, "'");
  return text("found ", to_text(node.kind));
}

void expand_row(ConfigNode& row) {
  if (row.kind != ConfigNode::Kind::scalar) return;
  ConfigNode name = row;
  name.key = "name";
  row.kind = ConfigNode::Kind::map;
  row.children = {name};
}

void Problems::add(const Place& place, const std::string& path, const std::string& message) {
  std::string line = place.source;
  if (place.line > 0) line += text(":", place.line);
  if (!path.empty() && line != "--set " + path) line += ": " + path;
  line += ": " + message;
  const bool known = std::any_of(problems_.begin(), problems_.end(),
                                 [&](const Problem& other) { return other.line == line; });
  if (!known) problems_.push_back({place, line});
}

void Problems::check() const {
  if (problems_.empty()) return;
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return a.place.line < b.place.line; });
  std::string message;
  for (const Problem& problem : sorted) message += (message.empty() ? "" : "\n") + problem.line;
  throw Error(message);
}

void apply_override(ConfigNode& root, const std::string& assignment, Problems& problems) {
  const std::size_t equals = assignment.find('=');
  const std::string path = assignment.substr(0, equals);
  const Place place{"--set " + path, 0};
  if (equals == std::string::npos || path.empty() || path.front() == '.' || path.back() == '.') {
    problems.add({"--set " + assignment, 0}, "", "expected PATH=VALUE, such as budget.steps=100");
    return;
  }

  ConfigNode value;
  try {
    const std::string given = assignment.substr(equals + 1);
    const bool is_yaml = given.find_first_of("[{\"'") == 0;
    value = is_yaml ? parse_config(given, place) : plain_config(given, place);
  } catch (const Error& error) {
    problems.add(place, "", error.what());
    return;
  }

  ConfigNode* node = &root;
  std::string walked;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    begin = end + 1;
    if (node->kind == ConfigNode::Kind::list) {
      node = find_row(*node, part, walked, place, problems);
      if (!node) return;
    } else if (node->kind == ConfigNode::Kind::scalar) {
      problems.add(place, "", text(walked, " is a single value and has no '", part, "'"));
      return;
    } else {
      node = &child(*node, part, place);
    }
    walked += (walked.empty() ? "" : ".") + part;
  }

  value.key = node->key;
  *node = value;
}

}  // namespace longhaul

#include "harness/suite/assignments.h"

#include "harness/suite/section.h"

namespace longhaul {

OptionMap read_assignments(const std::vector<std::string>& assignments) {
  ConfigNode given;
  Problems problems;
  for (const std::string& assignment : assignments) apply_override(given, assignment, problems);
  const Section section(given, "", problems);
  std::vector<std::string> groups;  // "lru.state=4" of a hybrid
  for (const ConfigNode& node : given.children)
    if (node.kind == ConfigNode::Kind::map) groups.push_back(node.key);
  OptionMap options = section.values(groups);
  for (const std::string& group : groups) options.merge(section.group(group));
  problems.check();
  return options;
}

namespace {

TaskCheck build(const TaskInfo& info, const ConfigNode& given, Problems& problems) {
  const Section section(given, "", problems);
  TaskCheck check = check_task(info, section.values());
  section.report(check);
  if (!check.crash.empty()) section.problem("", check.crash);
  problems.check();
  return check;
}

}  // namespace

TaskCheck build_task(const TaskInfo& info, const std::vector<std::string>& assignments) {
  ConfigNode given;
  given.place = {info.name, 0};
  Problems problems;
  for (const std::string& assignment : assignments) apply_override(given, assignment, problems);
  return build(info, given, problems);
}

TaskCheck build_task(const TaskInfo& info, const OptionMap& options) {
  ConfigNode given;
  given.kind = ConfigNode::Kind::map;
  given.place = {info.name, 0};
  for (const auto& [name, value] : options) {
    ConfigNode& node = given.children.emplace_back();
    node.kind = ConfigNode::Kind::scalar;
    node.place = given.place;
    node.key = name;
    node.scalar = value;
    node.written = to_text(value);
  }
  Problems problems;
  return build(info, given, problems);
}

}  // namespace longhaul

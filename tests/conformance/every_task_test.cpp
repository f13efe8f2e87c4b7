// Test cases for each registered task: "task mqar keeps what it promises" and "task mqar keeps the
// sizes that it promises as shipped".
#include "core/builtins.h"
#include "harness/check/task_conformance.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/registry_cases.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;

namespace {

// Options that make examples of a task cheap, so that many can be drawn, or that name the files it
// reads; most tasks need none.
OptionMap cheap_options(const std::string& name) {
  if (name == "listops")
    return {{"max_depth", int64_t{5}}, {"min_length", int64_t{20}}, {"max_length", int64_t{100}}};
  if (name == "selective_copy" || name == "adding_problem") return {{"length", int64_t{60}}};
  if (name == "delayed_copy") return {{"length", int64_t{60}}, {"lag", int64_t{20}}};
  if (name == "path_x" || name == "pathfinder")
    return {{"size", std::string("16")}, {"difficulty", std::string("easy")}};
  if (name == "image_synthetic") return {{"size", int64_t{16}}};
  return sample::options_for(name);
}

void check_task_with(const std::string& name, const OptionMap& options, int64_t draws) {
  Registry registry;
  register_builtins(registry);
  for (const Promise& promise : check_promises(registry.task(name), options, draws)) {
    INFO(promise.name);
    for (const std::string& violation : promise.violations) FAIL_CHECK(violation);
  }
}

std::vector<std::string> task_names() {
  Registry registry;
  register_builtins(registry);
  std::vector<std::string> names;
  for (const auto& [name, task] : registry.tasks()) names.push_back(name);
  return names;
}

void check_promises_of(const std::string& name) {
  check_task_with(name, cheap_options(name), 2000);
}
void check_sizes_of(const std::string& name) {
  check_task_with(name, sample::options_for(name), 10);
}

const bool added =
    add_cases<task_names, check_promises_of>("task ", " keeps what it promises",
                                             "[conformance][tasks]") &&
    add_cases<task_names, check_sizes_of>("task ", " keeps the sizes that it promises as shipped",
                                          "[conformance][tasks]");

}  // namespace

TEST_CASE("every registered task has test cases of its own", "[conformance][tasks]") {
  CHECK(added);
  CHECK(task_names().size() > 30);
}


#include "core/builtins.h"
#include "harness/check/task_conformance.h"
#include "tests/helpers/catch.h"
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

void check_all(const std::string& name, const TaskInfo& task, const OptionMap& options,
               int64_t draws) {
  INFO(name);
  for (const Promise& promise : check_promises(task, options, draws)) {
    INFO(promise.name);
    for (const std::string& violation : promise.violations) FAIL_CHECK(violation);
  }
}

}  // namespace

TEST_CASE("every registered task keeps what it promises", "[conformance][tasks]") {
  Registry registry;
  register_builtins(registry);
  for (const auto& [name, task] : registry.tasks())
    check_all(name, task, cheap_options(name), 2000);
}

TEST_CASE("every registered task keeps the sizes that it promises as shipped",
          "[conformance][tasks]") {
  Registry registry;
  register_builtins(registry);
  for (const auto& [name, task] : registry.tasks())
    check_all(name, task, sample::options_for(name), 10);
}

// A test case for each registered model: "model lru keeps what it promises".
#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/registry_cases.h"

using namespace longhaul;

namespace {

std::vector<std::string> model_names() {
  Registry registry;
  register_builtins(registry);
  std::vector<std::string> names;
  for (const auto& [name, model] : registry.models()) names.push_back(name);
  return names;
}

void check_model_named(const std::string& name) {
  Registry registry;
  register_builtins(registry);
  for (const std::string& violation : check_conformance(registry.model(name)))
    FAIL_CHECK(violation);
}

const bool added = add_cases<model_names, check_model_named>("model ", " keeps what it promises",
                                                             "[conformance][models]");

}  // namespace

TEST_CASE("every registered model has test cases of its own", "[conformance][models]") {
  CHECK(added);
  CHECK(model_names().size() > 10);
}

#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("every registered model keeps what it promises", "[conformance][models]") {
  Registry registry;
  register_builtins(registry);
  for (const auto& [name, model] : registry.models()) {
    INFO(name);
    for (const std::string& violation : check_conformance(model)) FAIL_CHECK(violation);
  }
}

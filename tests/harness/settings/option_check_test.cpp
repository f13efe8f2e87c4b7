#include "harness/settings/option_check.h"

#include "longhaul/registry.h"
#include "tests/helpers/catch.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// A mixer that hands its input on.
class Careless final : public Mixer {
 public:
  explicit Careless(MixerContext& c) { c.options().integer("d_model", 8, "a width", 1, 1024); }
  Tensor forward(const Tensor& x, const Lengths&) const override { return x; }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State&) const override { return x; }
};

}  // namespace

TEST_CASE("a model whose option has the name of a setting is refused", "[option_check]") {
  Registry registry;
  registry.mixer<Careless>(
      {.name = "careless", .about = "a", .source = "b", .direction = Direction::causal});
  const OptionCheck check = check_model(registry.model("careless"), {}, kAnyLength, {});
  CHECK_THAT(check.failure, Contains("its option 'd_model' has the name of a setting"));
}

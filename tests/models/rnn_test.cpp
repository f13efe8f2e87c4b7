#include <cmath>

#include "harness/suite/builtins.h"
#include "harness/train/conformance.h"
#include "longhaul/ops.h"
#include "longhaul/registry.h"
#include "tests/support/catch.h"
#include "tests/support/gradient.h"

using namespace longhaul;

namespace {

struct Built {
  std::vector<Parameter> parameters;
  std::unique_ptr<Mixer> mixer;

  Built(int64_t d_model, OptionMap given) {
    Registry registry;
    register_builtins(registry);
    Options options(std::move(given));
    MixerContext context(d_model, 64, true, 5, "", options, parameters);
    mixer = registry.model("rnn").make(context);
    options.check("rnn");
  }
};

}  // namespace

TEST_CASE("rnn conforms with either cell, dense, blocked or diagonal, by either solver",
          "[models]") {
  Registry registry;
  register_builtins(registry);
  for (const char* cell : {"tanh", "gru"})
    for (const char* solver : {"sequential", "newton"})
      for (int64_t block : {0, 1, 2}) {
        INFO(cell << " " << solver << " block " << block);
        const auto problems = check_conformance(
            registry.model("rnn"),
            {{"cell", std::string(cell)}, {"solver", std::string(solver)}, {"block", block}});
        CHECK(problems == std::vector<std::string>{});
      }
}

TEST_CASE("rnn starts with orthogonal recurrent blocks", "[models]") {
  for (auto [block, gates] : {std::pair{8, 1}, {2, 3}, {1, 1}}) {
    const Built rnn(
        8, {{"block", int64_t{block}}, {"cell", std::string(gates == 3 ? "gru" : "tanh")}});
    const Tensor R = rnn.parameters[2].value;
    REQUIRE(rnn.parameters[2].name == "R");
    REQUIRE(R.shape() == Shape{gates, 8 / block, block, block});
    const Tensor blocks = reshape(R, {R.dim(0) * R.dim(1), block, block});
    const Tensor product = matmul(blocks, blocks, false, true);
    for (int64_t q = 0; q < blocks.dim(0); ++q)
      for (int64_t i = 0; i < block; ++i)
        for (int64_t j = 0; j < block; ++j)
          CHECK(product.data()[(q * block + i) * block + j] == Approx(i == j).margin(1e-5));
  }
}

TEST_CASE("rnn refuses a block that does not divide its width", "[models]") {
  CHECK_THROWS_WITH(Built(8, {{"block", int64_t{3}}}),
                    Catch::Matchers::Contains("block 3 does not divide d_model 8"));
}

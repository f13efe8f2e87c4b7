#include <cmath>

#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "longhaul/ops.h"
#include "longhaul/registry.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"

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

TEST_CASE("rnn conforms with every cell, dense, in blocks or diagonal, and by every solver",
          "[models][long]") {
  Registry registry;
  register_builtins(registry);
  const auto check = [&](const char* cell, const char* solver, int64_t block) {
    INFO(cell << " " << solver << " block " << block);
    // Small enough that picard and jacobi, too, converge at the longest length.
    CHECK(check_conformance(registry.model("rnn"), {{"cell", std::string(cell)},
                                                    {"solver", std::string(solver)},
                                                    {"block", block},
                                                    {"rho", 0.5},
                                                    {"max_iterations", int64_t{500}}}) ==
          std::vector<std::string>{});
  };
  for (const char* cell : {"tanh", "gru", "lstm", "cifg"}) {
    for (int64_t block : {0, 1, 2}) check(cell, "newton", block);
    check(cell, "sequential", 2);
  }
  for (const char* solver : {"quasi_newton", "first_order", "fixed_a", "picard", "jacobi", "elk"})
    check("gru", solver, 0);
  check("lstm", "quasi_newton", 0);
  check("tanh", "fixed_a", 1);
}

TEST_CASE("m2rnn conforms by every solver", "[models][long]") {
  Registry registry;
  register_builtins(registry);
  for (const char* solver : {"newton", "quasi_newton", "first_order", "jacobi", "elk"}) {
    INFO(solver);
    CHECK(check_conformance(registry.model("m2rnn"), {{"solver", std::string(solver)},
                                                      {"audit", true},
                                                      {"max_iterations", int64_t{500}}}) ==
          std::vector<std::string>{});
  }
}

TEST_CASE("rnn with sweeps as the model decodes what it computes at once", "[models]") {
  for (const char* cell : {"tanh", "gru", "lstm", "cifg"})
    for (const char* solver : {"newton", "fixed_a"}) {
      INFO(cell << " " << solver);
      const Built rnn(
          8,
          {{"cell", std::string(cell)}, {"solver", std::string(solver)}, {"sweeps", int64_t{2}}});
      const Tensor x = random_tensor({2, 9, 8}, 3);
      const Tensor whole = rnn.mixer->forward(x, {9, 9});
      State state = rnn.mixer->start(2);
      for (int64_t t = 0; t < 9; ++t) {
        const Tensor y = rnn.mixer->step(reshape(slice(x, 1, t, t + 1), {2, 8}), state);
        CHECK(max_difference(y, reshape(slice(whole, 1, t, t + 1), {2, 8})) < 1e-5);
      }
    }
}

TEST_CASE("rnn refuses sweeps without a solver that sweeps", "[models]") {
  CHECK_THROWS_WITH(Built(8, {{"sweeps", int64_t{2}}}),
                    Catch::Matchers::Contains("sweeps needs a solver that sweeps"));
}

TEST_CASE("rnn and m2rnn refuse options of a solver where none sweeps", "[models]") {
  for (const char* model : {"rnn", "m2rnn"}) {
    INFO(model);
    const auto build = [&](OptionMap given) {
      return make_mixer(model, std::move(given), {.d_model = 8}).problems;
    };
    CHECK(build({{"start", std::string("cell")}}).at(0).message ==
          "start needs a solver that sweeps, such as newton or clip_elk");
    CHECK(build({{"window", int64_t{4}}}).at(0).message ==
          "window needs a solver that sweeps, such as newton or clip_elk");
  }
  CHECK_THROWS_WITH(
      Built(8, {{"solver", std::string("newton")}, {"sweeps", int64_t{2}}, {"window", int64_t{4}}}),
      Catch::Matchers::Contains("sweeps needs start: zero and window: 0"));
}

TEST_CASE("the forget gate of an lstm starts open", "[models]") {
  const Built rnn(4, {{"cell", std::string("lstm")}});
  const Tensor b = rnn.parameters[1].value;
  REQUIRE(b.shape() == Shape{16});
  for (int64_t i = 0; i < 16; ++i) CHECK(b.data()[i] == (i / 4 == 1 ? 1 : 0));
}

TEST_CASE("the forget gates of a cifg start from 0 to -1, as ParaLSTM's", "[models]") {
  const Built rnn(4, {{"cell", std::string("cifg")}});
  const Tensor b = rnn.parameters[1].value;
  REQUIRE(b.shape() == Shape{12});
  for (int64_t i = 0; i < 12; ++i)
    CHECK(b.data()[i] == Approx(i < 4 ? -static_cast<double>(i) / 3 : 0));
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

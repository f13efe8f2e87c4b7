#include <algorithm>

#include "math/meter.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"

using namespace longhaul;

namespace {

struct Cost {
  const char* model;
  OptionMap options;
  int64_t parameters;
  int64_t flops;  // of 8 positions
};

}  // namespace

// Width D = 16, states N = 16, T = 8; a product of D by N is 2 D N operations. Written out from the
// shapes and costs of docs/models.md. Linear attentions take T positions as one chunk, 2 heads are
// d wide, gla's gates have rank 16. rwkv mixes a token with the one before by 3 convolutions of 2
// taps, rwkv7 by 6 and has ranks of 32. hyena's filter network is 64 wide. Transforms
// of hyena and s4 are 16 long, and s4's kernel is read at 5 points.
// mamba2, mamba3 and m2rnn have 4 heads, delta_product 2 steps a token.
TEST_CASE("parameters and operations that ran are those of the formulas", "[models][cost]") {
  constexpr int64_t D = 16, N = 16, T = 8, square = D * D;
  constexpr int64_t d = D / 2, pairs = 4 * D * T * (T + 1) / 2;
  const int64_t E = 2 * D, K = 4;  // of mamba, its R = 1
  const std::vector<Cost> all = {
      {"transformer", {}, 4 * square, T * 4 * 2 * square + pairs},
      {"linear_attention", {}, 4 * square, T * 4 * 2 * square + pairs},
      {"retention", {}, 5 * square + d, T * 5 * 2 * square + pairs},
      {"gla", {}, 5 * square + 2 * D * 16 + D + d, T * (5 * 2 * square + 2 * 2 * D * 16) + pairs},
      {"delta_net", {}, 4 * square + 2 * D + d, T * (4 * 2 * square + 2 * 2 * D) + 4 * D * T * T},
      {"lru", {}, 3 * N + 4 * D * N + D, T * (2 * 4 * D * N + 8 * N)},
      {"slru", {}, 2 * N + 2 * D * N + D, T * (2 * 2 * D * N + 2 * N)},
      {"s4d",
       {{"state", int64_t{8}}},
       (2 * 4 + 1 + 8 + 1) * D + square,
       T * (6 * 8 * D + 2 * square)},
      {"s4",
       {{"state", int64_t{8}}},
       (2 * 4 + 3 * 8 + 2) * D + square,
       T * 2 * square + D * 5 * 4 * 60 + 3 * D * 5 * 16 * 4},
      {"s5", {}, 3 * N / 2 + 2 * D * N + D, T * (2 * 2 * D * N + 8 * N / 2)},
      {"mamba",
       {},
       D * 2 * E + (K + 1) * E + E * (1 + 2 * N) + 2 * E + N * E + E + E * D,
       T * (2 * D * 2 * E + 2 * K * E + 2 * E * (1 + 2 * N) + 2 * E + 7 * E * N + 2 * E * D)},
      {"mamba2",
       {},
       D * (2 * E + 2 * N + 4) + (K + 1) * (E + 2 * N) + 3 * 4 + E + E * D,
       T * (2 * D * (2 * E + 2 * N + 4) + 2 * K * (E + 2 * N) + 2 * E * D) +
           2 * 4 * T * (T + 1) / 2 * (N + E / 4)},
      {"mamba3",
       {},
       D * (2 * E + 2 * N + 3 * 4 + 4) + 4 + 2 * N + 2 * 4 * N + 4 + E * D,
       T * (2 * D * (2 * E + 2 * N + 3 * 4 + 4) + 2 * E * D) +
           2 * 4 * T * (T + 1) / 2 * (N + E / 4)},
      {"hgrn2", {}, 4 * square + D, T * 4 * 2 * square + pairs},
      {"kda",
       {},
       4 * square + 2 * D + 4 * D * d + 2 + 2 * D + d,
       T * (4 * 2 * square + 2 * 2 * D + 4 * 2 * D * d) + 4 * D * T * T},
      {"delta_product",
       {},
       7 * square + 4 * D + 2 * D + 4 + d,
       T * (7 * 2 * square + 2 * 6 * D) + 4 * D * 4 * T * T},
      {"rwkv7",
       {},
       13 * D + 4 * square + 6 * D * 32,
       T * (4 * 2 * square + 6 * 2 * D * 32 + 6 * 4 * D + 2 * 5 * D * d)},
      {"mlstm",
       {},
       5 * square + 4 * D + 4 + D,
       T * (5 * 2 * square + 2 * 4 * D) + 2 * 2 * T * (T + 1) / 2 * (d + d + 1)},
      {"slstm", {}, 5 * square + 4 * D + 4 * D * d + D, T * (5 * 2 * square + 2 * 4 * D * d)},
      {"m2rnn",
       {},
       5 * square + 4 * D + 4 + 4 * D + 4,
       T * (5 * 2 * square + 2 * 4 * D + 2 * D * 4 * (4 + 2))},
      {"linoss", {}, 2 * N + 2 * D * N + D, T * (2 * 3 * D * N + 8 * N)},
      {"pd_ssm",
       {},
       2 * (D * 2 * N + 2 * N + 2 * N * N + N) + D * 8 + 8 * N * N + 2 * 2 * D * N + D,
       T * (2 * (2 * D * 2 * N + 2 * 2 * N * N) + 2 * D * 8 + 2 * 2 * 2 * D * N + 2 * 8 * N * N +
            8 * N)},
      {"hyena",
       {},
       4 * square + 4 * D + (3 + 1) * 3 * D + 3 * 64 + 2 * 64 * 64 + 4 * 64 + 64 * D + D,
       T * (4 * 2 * square + 2 * 3 * 3 * D + 2 * (3 + 64 + 64 + D) * 64) + 3 * D * 5 * 16 * 4},
      {"min_gru", {}, 2 * (D * N + N) + N * D, T * (2 * 3 * D * N + 2 * N)},
      {"min_lstm", {}, 3 * (D * N + N) + N * D, T * (2 * 4 * D * N + 2 * N)},
      {"hgrn", {}, 3 * (D * N + N) + 2 * N + N * D + D, T * (2 * 4 * D * N + 2 * N)},
      {"rwkv", {}, 5 * D + 4 * square, T * (4 * 2 * square + 10 * D + 3 * 4 * D)},
      {"rnn", {}, 3 * square + D, T * 3 * 2 * square},
      {"rnn", {{"cell", std::string("gru")}}, 7 * square + 3 * D, T * 7 * 2 * square},
      {"rnn", {{"cell", std::string("lstm")}}, 9 * square + 4 * D, T * 9 * 2 * square},
      {"rnn", {{"cell", std::string("cifg")}}, 7 * square + 5 * D, T * 7 * 2 * square},
  };
  Registry registry;
  register_builtins(registry);
  for (const auto& entry : registry.models())
    CHECK((!entry.second.make || std::any_of(all.begin(), all.end(), [&](const Cost& cost) {
      return cost.model == entry.first;
    })));
  const Tensor x = random_tensor({1, T, D}, 1);
  for (const Cost& cost : all) {
    INFO(cost.model);
    const MadeMixer made = make_mixer(cost.model, cost.options);
    int64_t parameters = 0;
    for (const Parameter& parameter : made.parameters) parameters += parameter.value.size();
    CHECK(parameters == cost.parameters);
    Measurement measured;
    const Meter meter(measured);
    made(x);
    CHECK(measured.flops == cost.flops);
  }
}

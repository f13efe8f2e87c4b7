#include <cmath>
#include <limits>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/results.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Case {
  int64_t B, T, H, d, dv, chunk;
  float weakest = -0.3f, strongest = 0;  // log decays between them
  bool fixed = false;
};

struct Inputs {
  explicit Inputs(const Case& c)
      : q(random_tensor({c.B, c.T, c.H * c.d}, 1)),
        k(random_tensor({c.B, c.T, c.H * c.d}, 2)),
        v(random_tensor({c.B, c.T, c.H * c.dv}, 3)),
        g(random_tensor(c.fixed ? Shape{c.H * c.d} : Shape{c.B, c.T, c.H * c.d}, 4, c.weakest,
                        c.strongest)) {}
  std::vector<Tensor> all() const { return {q, k, v, g}; }
  Tensor q, k, v, g;
};

TensorFunction operation(const Case& c) {
  return [=](const std::vector<Tensor>& x) {
    return gated_linear_attention(x[0], x[1], x[2], x[3], c.H, c.chunk);
  };
}

// The recurrence, position by position, in double.
Tensor recurrent(const Inputs& in, const Case& c) {
  Tensor y(in.v.shape());
  for (int64_t b = 0; b < c.B; ++b)
    for (int64_t h = 0; h < c.H; ++h) {
      std::vector<double> S(c.d * c.dv);
      for (int64_t t = 0; t < c.T; ++t) {
        const int64_t at = ((b * c.T + t) * c.H + h) * c.d, at_v = ((b * c.T + t) * c.H + h) * c.dv;
        for (int64_t e = 0; e < c.dv; ++e) {
          double out = 0;
          for (int64_t i = 0; i < c.d; ++i) {
            double& s = S[i * c.dv + e];
            s = s * std::exp(double{in.g.data()[c.fixed ? h * c.d + i : at + i]}) +
                double{in.k.data()[at + i]} * double{in.v.data()[at_v + e]};
            out += double{in.q.data()[at + i]} * s;
          }
          y.data()[at_v + e] = static_cast<float>(out);
        }
      }
    }
  return y;
}

// The quadratic form: y_i = sum_{j <= i} sum_c q_ic k_jc exp(g_{j+1} + .. + g_i)_c v_j.
Tensor quadratic(const Inputs& in, const Case& c) {
  Tensor y(in.v.shape());
  for (int64_t i = 0; i < c.T; ++i)
    for (int64_t j = 0; j <= i; ++j) {
      double weight = 0;
      for (int64_t x = 0; x < c.d; ++x) {
        double G = 0;
        for (int64_t s = j + 1; s <= i; ++s) G += double{in.g.data()[s * c.d + x]};
        weight += double{in.q.data()[i * c.d + x]} * double{in.k.data()[j * c.d + x]} * std::exp(G);
      }
      for (int64_t e = 0; e < c.dv; ++e)
        y.data()[i * c.dv + e] += static_cast<float>(weight * double{in.v.data()[j * c.dv + e]});
    }
  return y;
}

// The gradient of log_decay of one head of one sequence, in double, as `run` weighs y: that of the
// faded state times the faded state, channel by channel.
Tensor exact_decay_gradient(const Inputs& in, const Case& c) {
  const Tensor dy = random_tensor(in.v.shape(), 9);
  const auto decay = [&](int64_t t, int64_t i) {
    return std::exp(double{in.g.data()[t * c.d + i]});
  };
  std::vector<std::vector<double>> faded;
  std::vector<double> S(static_cast<std::size_t>(c.d * c.dv)), dS = S;
  for (int64_t t = 0; t < c.T; ++t) {
    for (int64_t i = 0; i < c.d; ++i)
      for (int64_t e = 0; e < c.dv; ++e) S[i * c.dv + e] *= decay(t, i);
    faded.push_back(S);
    for (int64_t i = 0; i < c.d; ++i)
      for (int64_t e = 0; e < c.dv; ++e)
        S[i * c.dv + e] += double{in.k.data()[t * c.d + i]} * double{in.v.data()[t * c.dv + e]};
  }
  Tensor gradient(in.g.shape());
  for (int64_t t = c.T - 1; t >= 0; --t)
    for (int64_t i = 0; i < c.d; ++i) {
      double sum = 0;
      for (int64_t e = 0; e < c.dv; ++e) {
        double& s = dS[i * c.dv + e];
        s += double{in.q.data()[t * c.d + i]} * double{dy.data()[t * c.dv + e]};
        sum += s * faded[static_cast<std::size_t>(t)][i * c.dv + e];
        s *= decay(t, i);
      }
      gradient.data()[t * c.d + i] = static_cast<float>(sum);
    }
  return gradient;
}

// y and the gradients of q, k, v and log_decay.
std::vector<Tensor> run(const Case& c) {
  return value_and_gradients(operation(c), Inputs(c).all());
}

}  // namespace

TEST_CASE("gated_linear_attention equals its recurrence at every width, length and chunk",
          "[ops][gated_linear_attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (bool fixed : {false, true})
    for (auto [d, dv] : {std::pair{1, 1}, {3, 5}, {16, 32}, {40, 24}})
      for (int64_t T : {1, 2, 7, 65, 130})
        for (int64_t chunk : {1, 5, 64}) {
          const Case c{2, T, 2, d, dv, chunk, -0.3f, 0, fixed};
          INFO("fixed " << fixed << ", widths " << d << " " << dv << ", length " << T << ", chunk "
                        << chunk);
          const Inputs in(c);
          CHECK(max_difference(operation(c)(in.all()), recurrent(in, c)) < 2e-5);
        }
}

TEST_CASE("gated_linear_attention equals its quadratic form", "[ops][gated_linear_attention]") {
  const Case c{1, 37, 1, 5, 3, 8};
  const Inputs in(c);
  CHECK(max_difference(operation(c)(in.all()), quadratic(in, c)) < 1e-5);
}

TEST_CASE("gated_linear_attention is exact for decays of any strength",
          "[ops][gated_linear_attention]") {
  for (float weakest : {-3.0f, -30.0f, -1000.0f}) {
    INFO("log decays down to " << weakest);
    const Case c{1, 90, 2, 8, 8, 64, weakest, 0};
    const Inputs in(c);
    CHECK(max_difference(operation(c)(in.all()), recurrent(in, c)) < 2e-5);
    for (const Tensor& x : run(c)) CHECK(std::isfinite(sum_all(x).item()));
  }
  Inputs forgets({1, 9, 1, 4, 4, 8});
  for (int64_t i = 4 * 4; i < 5 * 4; ++i)
    forgets.g.data()[i] = -std::numeric_limits<float>::infinity();
  const Case c{1, 9, 1, 4, 4, 8};
  const Tensor y = operation(c)(forgets.all());
  const auto late = [](const Tensor& x) { return slice(x, 1, 4, 9); };
  CHECK(max_difference(late(y), gated_linear_attention(late(forgets.q), late(forgets.k),
                                                       late(forgets.v), late(forgets.g), 1)) <
        1e-6);
}

TEST_CASE("gated_linear_attention has the gradient of finite differences",
          "[ops][gated_linear_attention]") {
  const LaneScope lane;
  for (const Case& c :
       {Case{1, 1, 1, 3, 3, 4}, Case{1, 2, 2, 2, 5, 1}, Case{2, 7, 2, 3, 4, 3},
        Case{1, 29, 1, 2, 3, 64}, Case{1, 29, 2, 3, 2, 27, -4, 0},
        Case{2, 9, 2, 2, 3, 4, -0.3f, 0, true}, Case{0, 3, 2, 2, 3, 4}, Case{1, 0, 1, 2, 2, 4}}) {
    INFO(c.T << " positions, widths " << c.d << " " << c.dv << ", chunk " << c.chunk << ", fixed "
             << c.fixed);
    check_gradient(operation(c), Inputs(c).all());
  }
}

TEST_CASE("gated_linear_attention has the gradient of decays of any strength, over any length",
          "[ops][gated_linear_attention]") {
  const LaneScope lane;
  for (const auto& [weakest, strongest] : {std::pair{-0.1f, 0.0f},
                                           {-1.0f, 0.0f},
                                           {-5.0f, -2.0f},
                                           {-9.0f, -6.0f},
                                           {-16.0f, -12.0f},
                                           {-30.0f, -25.0f},
                                           {-40.0f, 0.0f}})
    for (int64_t T : {40, 3000})
      for (int64_t chunk : {1, 32, 64}) {
        const Case c{1, T, 1, 8, 8, chunk, weakest, strongest};
        const Tensor exact = exact_decay_gradient(Inputs(c), c);
        const double error = largest_difference({exact}, {run(c)[4]});
        INFO("log decays " << weakest << " .. " << strongest << ", " << T << " positions, chunk "
                           << chunk << ": off by " << error);
        CHECK(error < 2e-6);
      }
}

TEST_CASE("gated_linear_attention with a decay a head is that with equal decays of its channels",
          "[ops][gated_linear_attention]") {
  const LaneScope lane;
  for (const auto& [weakest, d] : {std::pair{-0.3f, 8}, {-30.0f, 5}}) {
    const Case c{2, 90, 3, d, 4, 16};
    const auto of_heads = [&](const auto& x) {
      return gated_linear_attention(x[0], x[1], x[2], x[3], c.H, c.chunk);
    };
    const auto of_channels = [&](const auto& x) {
      return gated_linear_attention(x[0], x[1], x[2], repeat(x[3], 2, c.d), c.H, c.chunk);
    };
    const auto inputs = [&, weakest = weakest] {
      const Inputs in(c);
      return std::vector{in.q, in.k, in.v, random_tensor({c.B, c.T, c.H}, 5, weakest, 0)};
    };
    CHECK(largest_difference(value_and_gradients(of_heads, inputs()),
                             value_and_gradients(of_channels, inputs())) < 1e-5);
  }
  check_gradient([](const auto& x) { return gated_linear_attention(x[0], x[1], x[2], x[3], 2, 4); },
                 {random_tensor({2, 9, 6}, 1), random_tensor({2, 9, 6}, 2),
                  random_tensor({2, 9, 4}, 3), random_tensor({2, 9, 2}, 4, -1, 0)});
}

TEST_CASE("gated_linear_attention has the same gradient for every chunk size",
          "[ops][gated_linear_attention]") {
  for (bool fixed : {false, true}) {
    const auto at = [=](int64_t chunk) { return run({2, 90, 2, 16, 8, chunk, -0.5f, 0, fixed}); };
    const std::vector<Tensor> one = at(1);
    for (int64_t chunk : {24, 37, 64}) {
      INFO("chunk " << chunk);
      CHECK(largest_difference(at(chunk), one) < 1e-5);
    }
  }
}

TEST_CASE("gated_linear_attention adds up the gradients of one tensor used for everything",
          "[ops][gated_linear_attention]") {
  const LaneScope lane;
  check_gradient([](const auto& x) { return gated_linear_attention(x[0], x[0], x[0], x[0], 2, 8); },
                 {random_tensor({2, 13, 4}, 1, -1, -0.1f)});
}

TEST_CASE("gated_linear_attention gives a gradient to the inputs that need one and no other",
          "[ops][gated_linear_attention]") {
  const Case c{1, 6, 2, 2, 2, 4};
  for (int wanted = 0; wanted < 4; ++wanted) {
    const std::vector<Tensor> all = Inputs(c).all();
    check_gradient(
        [&](const auto& x) {
          std::vector<Tensor> now = all;
          now[wanted] = x[0];
          return operation(c)(now);
        },
        {all[wanted]});
    for (int other = 0; other < 4; ++other) CHECK((other == wanted || !all[other].has_grad()));
  }
}

TEST_CASE("gated_linear_attention has the same bits for any number of threads and inside a lane",
          "[ops][gated_linear_attention]") {
  const Case c{2, 150, 3, 16, 16, 32};
  const std::vector<Tensor> one = with_threads(1, [&] { return run(c); });
  const Threads scope(2);
  CHECK(largest_difference(run(c), one) == 0);
  const LaneScope lane;
  CHECK(largest_difference(run(c), one) == 0);
}

TEST_CASE("gated_linear_attention keeps no state per position", "[ops][gated_linear_attention]") {
  const LaneScope lane;
  reset_peak_bytes();
  const int64_t before = live_bytes(Memory::activations);
  const int64_t T = 2048, d = 64;
  run({1, T, 1, d, d, 64});
  CHECK(peak_bytes(Memory::activations) - before < T * d * d * 4 / 2);  // half of those states
}

TEST_CASE("gated_linear_attention counts the products of its chunks",
          "[ops][gated_linear_attention]") {
  const Case c{1, 10, 3, 8, 6, 4};
  Measurement measured;
  const Meter meter(measured);
  operation(c)(Inputs(c).all());
  const int64_t pairs = 10 + 10 + 3, states = (4 + 2) + (4 + 4);  // chunks of 4, 4 and 2
  CHECK(measured.flops == 3 * (pairs * 2 * (8 + 6) + states * 2 * 8 * 6));
}

TEST_CASE("gated_linear_attention names what does not fit", "[ops][gated_linear_attention]") {
  const Tensor x({2, 5, 8});
  CHECK_THROWS_AS(gated_linear_attention(x, x, x, x, 3), Error);
  CHECK_THROWS_WITH(gated_linear_attention(x, x, x, Tensor({2, 5, 4}), 2),
                    "gated_linear_attention: log_decay (2, 5, 4) for q (2, 5, 8); expected "
                    "[B, T, H d], [B, T, H] or [H d]");
  CHECK_THROWS_WITH(gated_linear_attention(x, x, x, x, 2, 0),
                    "gated_linear_attention: chunk 0, expected at least 1");
}

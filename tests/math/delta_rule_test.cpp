#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
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
  bool gated = true;
  float weakest = -0.3f, strongest = 0;  // log decays between them
};

// Keys of length 1 or less, so that no state explodes.
struct Inputs {
  explicit Inputs(const Case& c)
      : q(random_tensor({c.B, c.T, c.H * c.d}, 1)),
        k(scale(random_tensor({c.B, c.T, c.H * c.d}, 2), 1 / std::sqrt(static_cast<float>(c.d)))),
        v(random_tensor({c.B, c.T, c.H * c.dv}, 3)),
        beta(random_tensor({c.B, c.T, c.H}, 4, 0, 1)) {
    if (c.gated) g = random_tensor({c.B, c.T, c.H}, 5, c.weakest, c.strongest);
  }
  std::vector<Tensor> all() const {
    return g.defined() ? std::vector{q, k, v, beta, g} : std::vector{q, k, v, beta};
  }
  Tensor q, k, v, beta, g;
};

TensorFunction operation(const Case& c) {
  return [=](const std::vector<Tensor>& x) {
    return delta_rule(x[0], x[1], x[2], x[3], x.size() > 4 ? x[4] : Tensor(), c.H, c.chunk);
  };
}

// The recurrence as the papers write it, S_t = a S_{t-1} (I - beta k^T k) + beta k^T v, in double.
Tensor recurrent(const Inputs& in, const Case& c) {
  Tensor y(in.v.shape());
  for (int64_t b = 0; b < c.B; ++b)
    for (int64_t h = 0; h < c.H; ++h) {
      std::vector<double> S(c.d * c.dv), before;
      for (int64_t t = 0; t < c.T; ++t) {
        const int64_t row = (b * c.T + t) * c.H + h;
        const double beta = in.beta.data()[row];
        const double a = c.gated ? std::exp(double{in.g.data()[row]}) : 1;
        const auto key = [&](int64_t i) { return double{in.k.data()[row * c.d + i]}; };
        before = S;
        for (int64_t e = 0; e < c.dv; ++e) {
          double out = 0;
          for (int64_t i = 0; i < c.d; ++i) {
            double s = 0;
            for (int64_t j = 0; j < c.d; ++j)
              s += a * ((i == j) - beta * key(i) * key(j)) * before[j * c.dv + e];
            s += beta * key(i) * double{in.v.data()[row * c.dv + e]};
            S[i * c.dv + e] = s;
            out += double{in.q.data()[row * c.d + i]} * s;
          }
          y.data()[row * c.dv + e] = static_cast<float>(out);
        }
      }
    }
  return y;
}

// The gradient of log_decay of one head of one sequence, in double, as `run` weighs y: that of
// a_t S_{t-1} = P times P itself.
Tensor exact_decay_gradient(const Inputs& in, const Case& c) {
  const Tensor dy = random_tensor(in.v.shape(), 9);
  const auto key = [&](int64_t t, int64_t i) { return double{in.k.data()[t * c.d + i]}; };
  const auto beta = [&](int64_t t) { return double{in.beta.data()[t]}; };
  const auto cells = static_cast<std::size_t>(c.d * c.dv);
  std::vector<std::vector<double>> faded;  // P at every position
  std::vector<double> S(cells);
  for (int64_t t = 0; t < c.T; ++t) {
    for (double& s : S) s *= std::exp(double{in.g.data()[t]});
    faded.push_back(S);
    for (int64_t e = 0; e < c.dv; ++e) {
      double error = double{in.v.data()[t * c.dv + e]};
      for (int64_t i = 0; i < c.d; ++i) error -= key(t, i) * faded.back()[i * c.dv + e];
      for (int64_t i = 0; i < c.d; ++i) S[i * c.dv + e] += beta(t) * key(t, i) * error;
    }
  }
  Tensor gradient(in.g.shape());
  std::vector<double> dS(cells);
  for (int64_t t = c.T - 1; t >= 0; --t) {
    double sum = 0;
    for (int64_t e = 0; e < c.dv; ++e) {
      double along = 0;  // the key
      for (int64_t i = 0; i < c.d; ++i) {
        dS[i * c.dv + e] += double{in.q.data()[t * c.d + i]} * double{dy.data()[t * c.dv + e]};
        along += key(t, i) * dS[i * c.dv + e];
      }
      for (int64_t i = 0; i < c.d; ++i) {
        double& s = dS[i * c.dv + e];
        s -= beta(t) * key(t, i) * along;
        sum += s * faded[static_cast<std::size_t>(t)][i * c.dv + e];
        s *= std::exp(double{in.g.data()[t]});
      }
    }
    gradient.data()[t] = static_cast<float>(sum);
  }
  return gradient;
}

// y and the gradients of q, k, v, beta and, if gated, log_decay.
std::vector<Tensor> run(const Case& c) {
  return value_and_gradients(operation(c), Inputs(c).all());
}

}  // namespace

TEST_CASE("delta_rule equals its recurrence at every width, length and chunk",
          "[ops][delta_rule]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (bool gated : {false, true})
    for (auto [d, dv] : {std::pair{1, 1}, {3, 5}, {16, 32}, {40, 24}})
      for (int64_t T : {1, 2, 7, 33, 65})
        for (int64_t chunk : {1, 5, 32}) {
          const Case c{2, T, 2, d, dv, chunk, gated};
          INFO("gated " << gated << ", widths " << d << " " << dv << ", length " << T << ", chunk "
                        << chunk);
          const Inputs in(c);
          CHECK(max_difference(operation(c)(in.all()), recurrent(in, c)) < 2e-5);
        }
}

TEST_CASE("delta_rule returns the value last written under a key", "[ops][delta_rule]") {
  // Two orthogonal keys; the first is written twice.
  const Tensor k = Tensor::from({1, 3, 2}, {1, 0, 0, 1, 1, 0});
  const Tensor q = Tensor::from({1, 3, 2}, {1, 0, 1, 0, 1, 0});
  const Tensor v = Tensor::from({1, 3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor y = delta_rule(q, k, v, Tensor({1, 3, 1}, 1.0f), {}, 1);
  CHECK(max_difference(y, Tensor::from({1, 3, 2}, {1, 2, 1, 2, 5, 6})) < 1e-6);
}

TEST_CASE("delta_rule is exact for decays of any strength", "[ops][delta_rule]") {
  for (float weakest : {-3.0f, -30.0f, -1000.0f}) {
    INFO("log decays down to " << weakest);
    const Case c{1, 90, 2, 8, 8, 32, true, weakest};
    const Inputs in(c);
    CHECK(max_difference(operation(c)(in.all()), recurrent(in, c)) < 2e-5);
    for (const Tensor& x : run(c)) CHECK(std::isfinite(sum_all(x).item()));
  }
}

TEST_CASE("delta_rule has the gradient of finite differences", "[ops][delta_rule]") {
  const LaneScope lane;
  for (const Case& c :
       {Case{1, 1, 1, 3, 3, 4}, Case{1, 2, 2, 2, 5, 1}, Case{2, 7, 2, 3, 4, 3},
        Case{2, 7, 2, 3, 4, 3, false}, Case{1, 29, 1, 2, 3, 32}, Case{1, 29, 2, 3, 2, 27, true, -4},
        Case{0, 3, 2, 2, 3, 4}, Case{1, 0, 1, 2, 2, 4}}) {
    INFO(c.T << " positions, widths " << c.d << " " << c.dv << ", chunk " << c.chunk << ", gated "
             << c.gated);
    check_gradient(operation(c), Inputs(c).all());
  }
}

TEST_CASE("delta_rule has the gradient of decays of any strength, over any length",
          "[ops][delta_rule]") {
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
        const Case c{1, T, 1, 8, 8, chunk, true, weakest, strongest};
        const Tensor exact = exact_decay_gradient(Inputs(c), c);
        const double error = largest_difference({exact}, {run(c)[5]});
        INFO("log decays " << weakest << " .. " << strongest << ", " << T << " positions, chunk "
                           << chunk << ": off by " << error);
        CHECK(error < 2e-6);
      }
}

// Kimi Delta Attention: a decay for each channel of the keys.
TEST_CASE("delta_rule with decays of channels equals the recurrence with a low-rank correction",
          "[ops][delta_rule]") {
  const LaneScope lane;
  for (float weakest : {-0.3f, -5.0f, -30.0f})
    for (int64_t chunk : {1, 7, 32}) {
      const Case c{2, 150, 2, 8, 6, chunk};
      const auto inputs = [&] {
        const Inputs in(c);
        return std::vector{in.q, in.k, in.v, in.beta, random_tensor(in.q.shape(), 7, weakest, 0)};
      };
      const auto chunked = [&](const auto& x) {
        return delta_rule(x[0], x[1], x[2], x[3], x[4], c.H, chunk);
      };
      const auto by_steps = [&](const auto& x) {  // beta k^T (v - k a S) is written along beta k
        const Tensor written = reshape(
            reshape(x[3], {c.B, c.T, c.H, 1}) * reshape(x[1], {c.B, c.T, c.H, c.d}), x[1].shape());
        const Tensor read = scale(x[1] * exp(x[4]), -1);
        return dplr_scan(x[0], written, x[2], read, written, x[4], c.H);
      };
      INFO("log decays down to " << weakest << ", chunk " << chunk);
      CHECK(largest_difference(value_and_gradients(chunked, inputs()),
                               value_and_gradients(by_steps, inputs())) < 2e-5);
    }
  check_gradient([](const auto& x) { return delta_rule(x[0], x[1], x[2], x[3], x[4], 2, 4); },
                 {random_tensor({2, 9, 6}, 1), random_tensor({2, 9, 6}, 2, -0.5f, 0.5f),
                  random_tensor({2, 9, 4}, 3), random_tensor({2, 9, 2}, 4, 0, 1),
                  random_tensor({2, 9, 6}, 5, -1, 0)});
}

TEST_CASE("delta_rule has a gradient where nothing is written", "[ops][delta_rule]") {
  const LaneScope lane;
  std::vector<Tensor> all = Inputs({1, 9, 1, 3, 2, 4}).all();
  all[3] = Tensor(all[3].shape());  // beta = 0
  check_gradient(operation({1, 9, 1, 3, 2, 4}), all);
}

TEST_CASE("delta_rule has the same gradient for every chunk size", "[ops][delta_rule]") {
  for (bool gated : {false, true}) {
    const auto at = [=](int64_t chunk) { return run({2, 90, 2, 16, 8, chunk, gated}); };
    const std::vector<Tensor> one = at(1);
    for (int64_t chunk : {7, 24, 64}) {
      INFO("chunk " << chunk);
      CHECK(largest_difference(at(chunk), one) < 1e-5);
    }
  }
}

TEST_CASE("delta_rule adds up the gradients of one tensor used as query, key and value",
          "[ops][delta_rule]") {
  const LaneScope lane;
  check_gradient(
      [](const auto& x) { return delta_rule(x[0], x[0], x[0], x[1], x[1], 2, 8); },
      {random_tensor({2, 13, 4}, 1, -0.5f, 0.5f), random_tensor({2, 13, 2}, 2, -0.5f, -0.1f)});
}

TEST_CASE("delta_rule gives a gradient to the inputs that need one and no other",
          "[ops][delta_rule]") {
  const Case c{1, 6, 2, 2, 2, 4};
  for (int wanted = 0; wanted < 5; ++wanted) {
    const std::vector<Tensor> all = Inputs(c).all();
    check_gradient(
        [&](const auto& x) {
          std::vector<Tensor> now = all;
          now[wanted] = x[0];
          return operation(c)(now);
        },
        {all[wanted]});
    for (int other = 0; other < 5; ++other) CHECK((other == wanted || !all[other].has_grad()));
  }
}

TEST_CASE("delta_rule has the same bits for any number of threads and inside a lane",
          "[ops][delta_rule]") {
  const Case c{2, 150, 3, 16, 16, 32};
  const std::vector<Tensor> one = with_threads(1, [&] { return run(c); });
  const Threads scope(2);
  CHECK(largest_difference(run(c), one) == 0);
  const LaneScope lane;
  CHECK(largest_difference(run(c), one) == 0);
}

TEST_CASE("delta_rule keeps no state per position", "[ops][delta_rule]") {
  const LaneScope lane;
  reset_peak_bytes();
  const int64_t before = live_bytes(Memory::activations);
  const int64_t T = 2048, d = 64;
  run({1, T, 1, d, d, 32});
  CHECK(peak_bytes(Memory::activations) - before < T * d * d * 4 / 2);  // half of those states
}

TEST_CASE("delta_rule counts the products of its chunks", "[ops][delta_rule]") {
  const Case c{1, 10, 3, 8, 6, 4};
  Measurement measured;
  const Meter meter(measured);
  operation(c)(Inputs(c).all());
  const int64_t pairs = 16 + 16 + 4, states = 2 * (4 + 2) + (4 + 4);  // chunks of 4, 4 and 2
  CHECK(measured.flops == 3 * (pairs * 2 * (8 + 6) + states * 2 * 8 * 6));
}

TEST_CASE("delta_rule names what does not fit", "[ops][delta_rule]") {
  const Tensor x({2, 5, 8}), beta({2, 5, 2});
  CHECK_THROWS_AS(delta_rule(x, x, x, beta, {}, 3), Error);
  CHECK_THROWS_WITH(delta_rule(x, x, x, x, {}, 2),
                    "delta_rule: beta (2, 5, 8), expected (2, 5, 2)");
  CHECK_THROWS_WITH(delta_rule(x, x, x, beta, Tensor({2, 5, 4}), 2),
                    "delta_rule: log_decay (2, 5, 4), expected (2, 5, 2) or (2, 5, 8)");
  CHECK_THROWS_WITH(delta_rule(x, x, x, beta, {}, 2, 0),
                    "delta_rule: chunk 0, expected at least 1");
}

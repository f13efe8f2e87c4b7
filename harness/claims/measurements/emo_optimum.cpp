// Which distribution minimises the loss EMO (kexue.fm/archives/9797) where the next token is
// random?
//
// EMO of a prediction p and a target t is sum_i p_i c_it, c_ij = 1 - cos(e_i, e_j): linear in p, so
// that its mean over targets is least at the one token of least expected cost. Cross-entropy is
// least at the targets' own distribution. Both, and their mix 0.5 (CE + sg(CE / EMO) EMO), are
// minimised by gradient descent on four logits. Token 1 is a near-synonym of token 0; the other two
// embeddings are random.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "harness/claims/measurement.h"
#include "longhaul/rng.h"

namespace longhaul {
namespace {

constexpr int kTokens = 4, kWidth = 16, kSteps = 200000;
constexpr double kRate = 1;
using Four = std::array<double, kTokens>;
constexpr Four kTargets = {0.45, 0.35, 0.15, 0.05};

struct Costs {
  std::array<Four, kTokens> c;

  explicit Costs(Rng rng) {
    std::array<std::array<double, kWidth>, kTokens> e;
    for (auto& row : e)
      for (double& x : row) x = rng.normal();
    for (int i = 0; i < kWidth; ++i) e[1][i] = e[0][i] + 0.3 * rng.normal();
    const auto dot = [&](int a, int b) {
      return std::inner_product(e[a].begin(), e[a].end(), e[b].begin(), 0.0);
    };
    for (int a = 0; a < kTokens; ++a)
      for (int b = 0; b < kTokens; ++b) c[a][b] = 1 - dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
  }

  double expected(int token) const {
    return std::inner_product(kTargets.begin(), kTargets.end(), c[token].begin(), 0.0);
  }
};

Four softmax(const Four& logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  Four p;
  for (int i = 0; i < kTokens; ++i) p[i] = std::exp(logits[i] - top);
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= sum;
  return p;
}

// Weights of the two losses, given a target's CE and EMO; constants of the gradient.
struct Mix {
  double ce, emo;
};

template <class Weigh>
Four minimise(const Costs& costs, Weigh weigh) {
  Four logits{};
  for (int step = 0; step < kSteps; ++step) {
    const Four p = softmax(logits);
    Four gradient{};
    for (int t = 0; t < kTokens; ++t) {
      double emo = 0;
      for (int i = 0; i < kTokens; ++i) emo += p[i] * costs.c[i][t];
      const Mix mix = weigh(-std::log(p[t]), emo);
      for (int i = 0; i < kTokens; ++i)
        gradient[i] +=
            kTargets[t] * (mix.ce * (p[i] - (i == t)) + mix.emo * p[i] * (costs.c[i][t] - emo));
    }
    for (int i = 0; i < kTokens; ++i) logits[i] -= kRate * gradient[i];
  }
  return softmax(logits);
}

double entropy(const Four& p) {
  double sum = 0;
  for (const double x : p) sum -= x > 0 ? x * std::log(x) : 0;
  return sum;
}

double cross_entropy(const Four& p) {
  double sum = 0;
  for (int i = 0; i < kTokens; ++i) sum -= kTargets[i] * std::log(std::max(p[i], 1e-300));
  return sum;
}

std::map<std::string, double> run(uint64_t seed) {
  const Costs costs(Rng(seed, "emo optimum"));
  const Four ce = minimise(costs, [](double, double) { return Mix{1, 0}; });
  const Four emo = minimise(costs, [](double, double) { return Mix{0, 1}; });
  const Four mix = minimise(costs, [](double c, double e) {
    return Mix{0.5, 0.5 * c / (e + 1e-10)};
  });
  const auto chosen = std::max_element(emo.begin(), emo.end()) - emo.begin();
  Four expected;
  double ce_error = 0;
  for (int i = 0; i < kTokens; ++i) {
    expected[i] = costs.expected(i);
    ce_error = std::max(ce_error, std::abs(ce[i] - kTargets[i]));
  }
  const auto cheapest = std::min_element(expected.begin(), expected.end()) - expected.begin();
  return {
      {"ce_error", ce_error},
      {"ce_entropy", entropy(ce)},
      {"emo_largest", emo[chosen]},
      {"emo_entropy", entropy(emo)},
      {"emo_cross_entropy", cross_entropy(emo)},
      {"emo_is_cheapest", chosen == cheapest},
      {"emo_is_likeliest", chosen == 0},
      {"mix_largest", *std::max_element(mix.begin(), mix.end())},
      {"mix_entropy", entropy(mix)},
  };
}

ClaimMeasurement make(Options&) {
  return {{{"ce_error", "largest difference of CE's optimum from the targets' distribution"},
           {"ce_entropy", "entropy of CE's optimum, in nats"},
           {"emo_largest", "probability of EMO's favourite token"},
           {"emo_entropy", "entropy of EMO's optimum"},
           {"emo_cross_entropy", "cross-entropy of EMO's optimum; the targets' entropy is 1.16"},
           {"emo_is_cheapest", "1 if the favourite is the token of least expected cost"},
           {"emo_is_likeliest", "1 if it is the most frequent target"},
           {"mix_largest", "probability of the mix's favourite token"},
           {"mix_entropy", "entropy of the mix's optimum"}},
          run};
}

}  // namespace

MeasurementInfo emo_optimum() {
  return {"emo_optimum", "the distributions that minimise EMO, cross-entropy and their mix", make};
}

}  // namespace longhaul

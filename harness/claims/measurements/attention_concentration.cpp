// How sharply attention weights can concentrate (kexue.fm/archives/9889): S(a) =
// E|a| / sqrt(E a^2), 1 for equal weights, 1/sqrt(n) for one weight alone. With keys
// k ~ N(mu, sigma^2 I), a score is z = beta + gamma e, e ~ N(0, 1), and S has a closed form for
// each kind of weight:
//   exp(z)       e^(-gamma^2 / 2)
//   relu(z)^2    from the moments of a normal variable cut off at 0
//   z            (sqrt(2/pi) gamma e^(-beta^2 / 2 gamma^2) + beta erf(beta / sqrt(2) gamma))
//                / sqrt(beta^2 + gamma^2)
//   q~.k~        1 / sqrt(1 + (sigma~ ||q~|| / mu~ ||q~||_1)^2), d independent features >= 0
//   decay^(n-j)  sqrt((1 - l^n)(1 + l) / (n (1 - l)(1 + l^n)))
// Each is compared with S of as many drawn weights as `keys` says.
#include <algorithm>
#include <cmath>

#include "harness/claims/measurement.h"
#include "longhaul/rng.h"

namespace longhaul {
namespace {

constexpr double kPi = 3.14159265358979323846;

// S of the weights that `weight()` draws.
template <class Weight>
double concentration(int64_t n, Weight weight) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double a = weight();
    sum += std::abs(a);
    squares += a * a;
  }
  const double count = static_cast<double>(n);
  return sum / count / std::sqrt(squares / count);
}

double relu2_formula(double beta, double gamma) {
  // Moments of max(z, 0): m_k = beta m_(k-1) + (k-1) gamma^2 m_(k-2).
  const double b = beta / gamma;
  double before = 0.5 * (1 + std::erf(b / std::sqrt(2.0)));
  double moment = beta * before + gamma * std::exp(-b * b / 2) / std::sqrt(2 * kPi);
  double second = 0;
  for (int k = 2; k <= 4; ++k) {
    const double next = beta * moment + (k - 1) * gamma * gamma * before;
    before = moment;
    moment = next;
    if (k == 2) second = next;
  }
  return second / std::sqrt(moment);
}

double identity_formula(double beta, double gamma) {
  return (std::sqrt(2 / kPi) * gamma * std::exp(-beta * beta / (2 * gamma * gamma)) +
          beta * std::erf(beta / (std::sqrt(2.0) * gamma))) /
         std::sqrt(beta * beta + gamma * gamma);
}

double decay_formula(double l, double n) {
  const double rest = std::pow(l, n);
  return std::sqrt((1 - rest) * (1 + l) / (n * (1 - l) * (1 + rest)));
}

double elu1(double x) { return x > 0 ? x + 1 : std::exp(x); }

// Mean and standard deviation of elu(x) + 1, x ~ N(0, 1).
struct Feature {
  double mean = 0, deviation = 0;
  Feature() {
    constexpr int kPoints = 20000;
    constexpr double kRange = 9;
    double square = 0, mass = 0;
    for (int i = 0; i < kPoints; ++i) {
      const double x = -kRange + 2 * kRange * (i + 0.5) / kPoints;
      const double weight = std::exp(-x * x / 2);
      mass += weight;
      mean += weight * elu1(x);
      square += weight * elu1(x) * elu1(x);
    }
    mean /= mass;
    deviation = std::sqrt(square / mass - mean * mean);
  }
};

struct Linear {
  double drawn = 0, formula = 0;
};

// One query and n keys of d features elu(x) + 1 each.
Linear linear(int64_t n, int64_t d, Rng& rng) {
  static const Feature feature;
  std::vector<double> q;
  double norm = 0, sum = 0;
  for (int64_t i = 0; i < d; ++i) {
    q.push_back(elu1(rng.normal()));
    norm += q.back() * q.back();
    sum += q.back();
  }
  const double spread = feature.deviation * std::sqrt(norm) / (feature.mean * sum);
  return {concentration(n,
                        [&] {
                          double score = 0;
                          for (const double weight : q) score += weight * elu1(rng.normal());
                          return score;
                        }),
          1 / std::sqrt(1 + spread * spread)};
}

// Keys that are one-hot over d classes, and the query of one class.
double one_hot(int64_t n, int64_t d, Rng& rng) {
  return concentration(n, [&] { return rng.below(d) == 0 ? 1.0 : 0.0; });
}

std::map<std::string, double> run(int64_t keys, int64_t d, uint64_t seed) {
  Rng rng(seed, "attention concentration");
  const auto normal = [&](double beta, double gamma) { return beta + gamma * rng.normal(); };
  const auto exponential = [&](double gamma) {
    return concentration(keys, [&] { return std::exp(normal(0, gamma)); });
  };
  double exp_error = 0, relu2_error = 0, identity_error = 0, least_identity = 1;
  for (const double gamma : {0.5, 1.0})
    exp_error = std::max(exp_error, std::abs(exponential(gamma) - std::exp(-gamma * gamma / 2)));
  for (const double beta : {-3.0, -2.0, -1.0, 0.0, 1.0}) {
    const auto relu2 = [&] { return std::pow(std::max(normal(beta, 1), 0.0), 2); };
    relu2_error =
        std::max(relu2_error, std::abs(concentration(keys, relu2) - relu2_formula(beta, 1)));
    const double found = concentration(keys, [&] { return normal(beta, 1); });
    identity_error = std::max(identity_error, std::abs(found - identity_formula(beta, 1)));
    least_identity = std::min(least_identity, found);
  }
  double power = 1;
  const double decay = concentration(1024, [&] { return power *= 0.99; });
  static const Feature feature;
  const double ratio = feature.deviation / feature.mean;
  const Linear dense = linear(keys / 16, d, rng);
  return {
      {"exp_error", exp_error},
      {"relu2_error", relu2_error},
      {"identity_error", identity_error},
      {"linear_error", std::abs(dense.drawn - dense.formula)},
      {"decay_error", std::abs(decay - decay_formula(0.99, 1024))},
      {"exp_gamma_2", exponential(2)},
      {"exp_gamma_3", exponential(3)},
      {"relu2_beta_-3",
       concentration(keys, [&] { return std::pow(std::max(normal(-3, 1), 0.0), 2); })},
      {"identity_least", least_identity},
      {"linear_dense", dense.drawn},
      {"linear_floor", 1 / std::sqrt(1 + ratio * ratio)},
      {"linear_one_hot", one_hot(keys, d, rng)},
      {"decay", decay},
  };
}

ClaimMeasurement make(Options& options) {
  const int64_t keys = options.integer("keys", 1000000, "weights of a draw", 16, 100000000);
  const int64_t d = options.integer("features", 64, "of linear attention", 1, 4096);
  return {{{"exp_error", "largest difference of S from its formula, gamma 0.5 and 1"},
           {"relu2_error", "the same for relu^2, gamma 1, beta -3 .. 1"},
           {"identity_error", "the same for z itself"},
           {"linear_error", "the same for features elu + 1"},
           {"decay_error", "the same for 0.99^(n-j), n 1024"},
           {"exp_gamma_2", "S of exp, gamma 2"},
           {"exp_gamma_3", "S of exp, gamma 3"},
           {"relu2_beta_-3", "S of relu^2, gamma 1, beta -3"},
           {"identity_least", "least S of z, gamma 1"},
           {"linear_dense", "S of `features` independent features elu + 1"},
           {"linear_floor", "least S of these that any query reaches"},
           {"linear_one_hot", "S of keys that are one-hot over `features` classes"},
           {"decay", "S of 0.99^(n-j), n 1024"}},
          [=](uint64_t seed) { return run(keys, d, seed); }};
}

}  // namespace

MeasurementInfo attention_concentration() {
  return {"attention_concentration", "how sharp attention weights are, formula against draws",
          make};
}

}  // namespace longhaul

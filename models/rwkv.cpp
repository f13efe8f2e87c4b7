// The time mixing of RWKV-4 (Peng et al. 2023, arXiv:2305.13048, eq. 11 to 19).
//
//   r = W_r s_r,  k = W_k s_k,  v = W_v s_v       s = mu .* x_t + (1 - mu) .* x_{t-1}, own mu each
//   wkv_t = mean of v_i, i <= t, with weights exp(k_i - (t-1-i) w) for i < t and exp(k_t + u)
//   y_t = W_o (sigmoid(r_t) .* wkv_t)
//
// A channel fades by exp(-w) a step, w = exp(decay), and gives its present value the bonus u. No
// biases. mu, decay and u start as in the authors' code, where they differ between channels and
// depths: channels fade from slowly to quickly, and lower blocks look at x_{t-1} more. Deviation:
// W_r, W_k and W_o start like any weight instead of at zero. The channel mixing of the paper is the
// backbone's gated MLP.
//
// Decoding carries the mean m and the log of its total weight l, from which the new mean follows
// without a large exponential: m' = m + sigmoid(k - l + w) (v - m), l' = l - w + softplus(k - l +
// w). Time O(T D^2), state 3 D per sequence.

#include "longhaul/elementary.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// values[i] = f(i / D)
template <class F>
Init by_channel(F f) {
  return [f](Tensor& values, Rng&) {
    for (int64_t i = 0; i < values.size(); ++i)
      values.data()[i] =
          static_cast<float>(f(static_cast<double>(i) / static_cast<double>(values.size()), i));
  };
}

class Rwkv final : public Mixer {
 public:
  explicit Rwkv(MixerContext& c) {
    const int64_t D = c.d_model();
    const auto layer = static_cast<double>(c.layer()), layers = static_cast<double>(c.layers());
    const double height = layers > 1 ? layer / (layers - 1) : 0;  // 0 at the bottom, 1 at the top
    const double below = 1 - layer / layers;                      // 1 at the bottom, almost 0
    const ParameterGroup no_decay{.decay = false};
    const auto mu = [=](double power, double term) {
      return by_channel([=](double at, int64_t) { return elementary::pow(at, power) + term; });
    };
    mu_r_ = c.parameter("mu_r", {D}, mu(0.5 * below, 0), no_decay);
    mu_k_ = c.parameter("mu_k", {D}, mu(below, 0), no_decay);
    mu_v_ = c.parameter("mu_v", {D}, mu(below, 0.3 * height), no_decay);
    const double last = static_cast<double>(D - 1) / static_cast<double>(D);
    decay_ =
        c.parameter("decay", {D}, by_channel([=](double at, int64_t) {
                      return -5 + 8 * elementary::pow(last > 0 ? at / last : 0, 0.7 + 1.3 * height);
                    }),
                    no_decay);
    u_ = c.parameter("u", {D}, by_channel([](double, int64_t i) {
                       return elementary::log(0.3) + 0.5 * static_cast<double>((i + 1) % 3 - 1);
                     }),
                     no_decay);
    r_ = c.weight("r.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    out_ = c.weight("out.weight", D, D);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    const auto shifted = [&](const Tensor& mu) {
      return causal_conv(x, concat({row(mu), row(rest(mu))}, 0));
    };
    const Tensor r = matmul(shifted(mu_r_), r_), k = matmul(shifted(mu_k_), k_);
    const Tensor mean = wkv(exp(decay_), u_, k, matmul(shifted(mu_v_), v_));
    return matmul(sigmoid(r) * mean, out_);
  }

  // The state is the last input, the mean m and the log weight l, [B, D] each.
  State start(int64_t batch) const override {
    const Shape shape{batch, u_.dim(0)};
    return {{Tensor(shape), Tensor(shape), Tensor(shape)}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor before = state.tensors[0], m = state.tensors[1], l = state.tensors[2];
    const auto shifted = [&](const Tensor& mu) { return mu * x + rest(mu) * before; };
    const Tensor r = matmul(shifted(mu_r_), r_), k = matmul(shifted(mu_k_), k_);
    const Tensor v = matmul(shifted(mu_v_), v_);
    Tensor mean = v;
    if (state.position == 0) {
      state = {{x, v, k}, 1};
    } else {
      const Tensor w = exp(decay_), ahead = k - l;
      mean = m + sigmoid(ahead + u_) * (v - m);
      state = {{x, m + sigmoid(ahead + w) * (v - m), l - w + softplus(ahead + w)},
               state.position + 1};
    }
    return matmul(sigmoid(r) * mean, out_);
  }

 private:
  static Tensor row(const Tensor& mu) { return reshape(mu, {1, mu.dim(0)}); }
  static Tensor rest(const Tensor& mu) { return shift(-1.0f * mu, 1); }

  Tensor mu_r_, mu_k_, mu_v_, decay_, u_, r_, k_, v_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(rwkv) {
  registry.mixer<Rwkv>({.name = "rwkv",
                        .about = "RWKV-4 time mixing: a fading, weighted mean with token shift",
                        .source = "Peng et al. 2023, arXiv:2305.13048, eq. 11 to 19",
                        .direction = Direction::causal});
}

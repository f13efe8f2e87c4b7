// The time mixing of RWKV-7 (Peng et al. 2025, arXiv:2503.14456, section 4.1 and eq. 3 to 23).
//
//   s = x_t + (x_{t-1} - x_t) .* mu, own mu for each of r, w, k, v, a, g; cut into H heads
//   r = s W_r, k0 = s W_k, v = s W_v, a = sigmoid(lora_a(s) + b_a), g = lora_g(s)
//   log w = -exp(-1/2) sigmoid(lora_w(s) + b_w)          w between 0.545 and 1, one a channel
//   z = unit(k0 .* k_k)                                  the key that is removed
//   k = k0 .* (1 + (a - 1) .* k_a)                       the key that is written
//   S_t = diag(w_t) S_{t-1} - (z .* a)^T (z S_{t-1}) + k^T v         y_t = r_t S_t
//   out = ((norm(y) .* gain + bias + <r .* r_k, k> v) .* g) W_out
//
// S is the paper's state transposed: rows are keys. lora(s) = h(s A) B of rank `rank`, with h tanh
// for w, the identity for a, sigmoid for g. norm is a layer norm within each head, epsilon 1e-5 d.
// mu, k_k, k_a, r_k and biases start as in the authors' code, where they differ between channels
// and depths. Deviations: values are not mixed with the first block's, since a mixer sees its own
// block alone; weights start like any weight, W_out not at zero; the channel mixing is the
// backbone's gated MLP. Time O(T D (D + d)), position by position; state D (d + 1).

#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/plugin.h"
#include "longhaul/recurrences.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

// values[i] = f(i / (D - 1), i), the first argument from 0 to 1.
template <class F>
Init by_channel(F f) {
  return [f](Tensor& values, Rng&) {
    const auto last = static_cast<double>(std::max<int64_t>(values.size() - 1, 1));
    for (int64_t i = 0; i < values.size(); ++i)
      values.data()[i] = static_cast<float>(f(static_cast<double>(i) / last, i));
  };
}

class Rwkv7 final : public Mixer {
 public:
  explicit Rwkv7(MixerContext& c) : heads_(read_heads(c)), D_(c.d_model()) {
    const int64_t d = D_ / heads_;
    const int64_t rank =
        c.options().integer("rank", 32, "rank of what w, a and g depend on the input by", 1);
    const auto layer = static_cast<double>(c.layer()), layers = static_cast<double>(c.layers());
    const double height = layers > 1 ? layer / (layers - 1) : 0;  // 0 at the bottom, 1 at the top
    const double below = 1 - layer / layers;                      // 1 at the bottom, almost 0
    const auto zigzag = [=](int64_t i) {  // from -1 to 1 along each head, flat in its middle
      const double half = static_cast<double>(std::max<int64_t>(d - 1, 1)) / 2;
      const double at = (static_cast<double>(i % d) - half) / half;
      return at * std::abs(at);
    };
    const auto width = static_cast<double>(D_);
    for (const auto& [name, power] :
         {std::pair{"r", 0.2}, {"w", 0.9}, {"k", 0.7}, {"v", 0.7}, {"a", 0.9}, {"g", 0.2}}) {
      const double p = power * below;
      mu_.push_back(constant_like(c, std::string("mu_") + name, [=](double, int64_t i) {
        return 1 - elementary::pow(static_cast<double>(i) / width, p);
      }));
    }
    r_ = c.weight("r.weight", D_, D_);
    k_ = c.weight("k.weight", D_, D_);
    v_ = c.weight("v.weight", D_, D_);
    w_ = Lora(c, "w", rank);
    a_ = Lora(c, "a", rank);
    g_ = Lora(c, "g", rank);
    w_bias_ = constant_like(c, "w.bias", [=](double at, int64_t i) {
      return -5.5 + 6 * elementary::pow(at, 1 + elementary::pow(height, 0.3)) + 2.5 * zigzag(i);
    });
    a_bias_ = constant_like(c, "a.bias", [=](double at, int64_t i) {
      return -0.19 + 0.3 * zigzag(i) + 0.4 * (at - 0.5);
    });
    removed_ = constant_like(c, "k_k", [](double at, int64_t) { return 0.71 - 0.1 * (at - 0.5); });
    written_ = constant_like(c, "k_a", [](double, int64_t) { return 1.02; });
    bonus_ = constant_like(c, "r_k", [](double, int64_t) { return -0.04; });
    const double gain = elementary::pow((layer + 1) / layers, 0.7);
    gain_ = constant_like(c, "norm.gain", [=](double, int64_t) { return gain; });
    norm_bias_ = constant_like(c, "norm.bias", [](double, int64_t) { return 0; });
    out_ = c.weight("out.weight", D_, D_);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Rows p = rows([&](const Tensor& mu) {
      return causal_conv(x, concat({line(shift(-1.0f * mu, 1)), line(mu)}, 0));
    });
    const Tensor y = dplr_scan(p.r, p.k, p.v, -1.0f * p.z, p.z * p.a, p.log_decay, heads_);
    return read_out(y, p);
  }

  // The state is the last input [B, D] and S [B, H, d, d].
  State start(int64_t batch) const override {
    const int64_t d = D_ / heads_;
    return {{Tensor({batch, D_}), Tensor({batch, heads_, d, d})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor before = state.tensors[0], S = state.tensors[1];
    const Rows p = rows([&](const Tensor& mu) { return x + (before - x) * mu; });
    const Tensor found = heads::read(p.z, S, heads_);
    const Tensor faded = heads::column(exp(p.log_decay), heads_) * S;
    const Tensor cleared = heads::written(faded, p.z * p.a, -1.0f * found, heads_);
    const Tensor next = heads::written(cleared, p.k, p.v, heads_);
    state = {{x, next}, state.position + 1};
    return read_out(heads::read(p.r, next, heads_), p);
  }

 private:
  struct Lora {
    Lora() = default;
    Lora(MixerContext& c, const std::string& name, int64_t rank)
        : in(c.weight(name + ".in.weight", c.d_model(), rank)),
          out(c.weight(name + ".out.weight", rank, c.d_model())) {}
    Tensor in, out;
  };
  struct Rows {
    Tensor r, k, v, a, g, z, log_decay;
  };

  template <class F>
  Tensor constant_like(MixerContext& c, const std::string& name, F f) const {
    return c.parameter(name, {D_}, by_channel(f), {.decay = false});
  }
  static Tensor line(const Tensor& x) { return reshape(x, {1, x.dim(0)}); }

  template <class Shifted>
  Rows rows(Shifted shifted) const {
    const Tensor k0 = matmul(shifted(mu_[2]), k_), k_removed = k0 * removed_;
    const Tensor u_w = tanh(matmul(shifted(mu_[1]), w_.in));
    const Tensor a = sigmoid(matmul(matmul(shifted(mu_[4]), a_.in), a_.out) + a_bias_);
    Rows p;
    p.r = matmul(shifted(mu_[0]), r_);
    p.k = k0 * shift(shift(a, -1) * written_, 1);
    p.v = matmul(shifted(mu_[3]), v_);
    p.a = a;
    p.g = matmul(sigmoid(matmul(shifted(mu_[5]), g_.in)), g_.out);
    p.z = heads::unit(k_removed, heads_, 1e-12f);
    p.log_decay = scale(sigmoid(matmul(u_w, w_.out) + w_bias_), -elementary::exp(-0.5f));
    return p;
  }

  Tensor read_out(const Tensor& y, const Rows& p) const {
    const int64_t d = D_ / heads_;
    const Tensor normed =
        heads::centred(y, heads_, 1e-5f * static_cast<float>(d)) * gain_ + norm_bias_;
    const Tensor own = sum(heads::cut(p.r * bonus_ * p.k, heads_), -1);  // [..., H]
    return matmul((normed + heads::weigh(own, p.v, heads_)) * p.g, out_);
  }

  int64_t heads_, D_;
  std::vector<Tensor> mu_;  // of r, w, k, v, a, g
  Lora w_, a_, g_;
  Tensor r_, k_, v_, w_bias_, a_bias_, removed_, written_, bonus_, gain_, norm_bias_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(rwkv7) {
  registry.mixer<BothWays<Rwkv7>>(
      {.name = "rwkv7",
       .about = "RWKV-7 time mixing: fades, removes along one key, writes another",
       .source = "Peng et al. 2025, arXiv:2503.14456, eq. 3 to 23",
       .direction = Direction::either});
}

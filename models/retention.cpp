// Multi-scale retention (Sun et al. 2023, arXiv:2307.08621, eq. 5 and 8).
//
//   q = rope(x W_q), k = rope(x W_k) / sqrt(d), v = x W_v, each cut into H heads of width d = D / H
//   S_t = gamma_h S_{t-1} + k_t^T v_t      y_t = q_t S_t      gamma_h = 1 - 2^(-5-h), h = 0 .. H-1
//   out = (norm(y) * silu(x W_gate)) W_out
//
// The decay is linear attention's memory of distance, the rotation its memory of order; nothing is
// learned about either. norm divides each head's output by its root mean square, as the authors'
// code does where the paper says group norm; it makes their scalings of k^T v and of the decays'
// sums void. Values are as wide as queries, not twice as wide. Causal. Time O(T D (C + d)) in
// chunks of C positions, decoding state S, d floats a channel.

#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class Retention final : public Mixer {
 public:
  explicit Retention(MixerContext& c) : heads_(read_heads(c)) {
    Options& o = c.options();
    const int64_t D = c.d_model(), d = D / heads_;
    chunk_ = o.integer("chunk", 64, "positions whose pairs are formed at once; speed alone", 1);
    rotate_ = o.choice("position", "rope", {"none", "rope"}, "how order is told") == "rope";
    if (rotate_ && d % 2 != 0) {
      o.problem("position", text("rope needs heads of even width, found ", d));
      rotate_ = false;
    }
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    readout_ = HeadReadout(c, heads_, true);
    log_decay_ = c.fixed("log_decay", {D}, [d](Tensor& values, Rng&) {
      for (int64_t i = 0; i < values.size(); ++i) {
        const int64_t head = i / d;
        values.data()[i] = static_cast<float>(
            elementary::log1p(-elementary::exp2(-5 - static_cast<double>(head))));
      }
    });
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    const Tensor y = gated_linear_attention(turned(matmul(x, q_), 0), turned(key(x), 0),
                                            matmul(x, v_), log_decay_, heads_, chunk_);
    return readout_(y, x);
  }

  State start(int64_t batch) const override {  // S [B, H, d, d]
    const int64_t d = log_decay_.size() / heads_;
    return {{Tensor({batch, heads_, d, d})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    Tensor& S = state.tensors[0];
    const int64_t B = x.dim(0), D = x.dim(1), d = D / heads_;
    const auto turn = [&](const Tensor& u) {
      return turned(reshape(u, {B, 1, D}), state.position);
    };
    const Tensor q = reshape(turn(matmul(x, q_)), {B, heads_, 1, d});
    const Tensor k = reshape(turn(key(x)), {B, heads_, d, 1});
    const Tensor v = reshape(matmul(x, v_), {B, heads_, 1, d});
    S = exp(reshape(log_decay_, {heads_, d, 1})) * S + k * v;
    ++state.position;
    return readout_(reshape(matmul(q, S), {B, D}), x);
  }

 private:
  Tensor key(const Tensor& x) const {
    const int64_t d = log_decay_.size() / heads_;
    return scale(matmul(x, k_), 1 / std::sqrt(static_cast<float>(d)));
  }
  Tensor turned(const Tensor& u, int64_t first) const {  // [B, T, D]
    return rotate_ ? rope(u, heads_, 10000, first) : u;
  }

  int64_t heads_, chunk_;
  bool rotate_;
  HeadReadout readout_;
  Tensor q_, k_, v_, log_decay_;
};

}  // namespace

LONGHAUL_PLUGIN(retention) {
  registry.mixer<Retention>({.name = "retention",
                             .about = "linear attention that fades at a fixed rate in each head",
                             .source = "Sun et al. 2023, arXiv:2307.08621, eq. 5 and 8",
                             .direction = Direction::causal});
}

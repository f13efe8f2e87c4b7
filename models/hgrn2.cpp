// HGRN2: HGRN with a matrix of states, written by outer products (Qin et al. 2024,
// arXiv:2404.07904, eq. 4 and section 3.2).
//
//   q = silu(x W_q), v = x W_v, f = b + (1 - b) sigmoid(x W_f), cut into H heads, d = D / H wide
//   S_t = diag(f_t) S_{t-1} + (1 - f_t)^T v_t         y_t = q_t S_t
//   out = norm(y) W_out                               norm: RMS over all D channels
//
// The forget gate is the key's complement, so what is kept and what is written add up to one. Its
// lower bound b is 0 in the lowest block and rises with depth. b = sigmoid(bound) starts at l / L
// in block l of L, where the authors' cumulative softmax starts; afterwards each block's is its
// own. Causal. Time O(T D (C + d)) in chunks of C positions, decoding state S, d floats a channel.

#include "longhaul/elementary.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

class Hgrn2 final : public Mixer {
 public:
  explicit Hgrn2(MixerContext& c) : heads_(read_heads(c)) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    chunk_ = o.integer("chunk", 64, "positions whose pairs are formed at once; speed alone", 1);
    const bool bounded = o.flag("lower_bound", true, "bound forget gates from below");
    const ParameterGroup no_decay{.decay = false};
    q_ = c.weight("q.weight", D, D);
    f_ = c.weight("f.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    gain_ = c.parameter("norm.gain", {D}, constant(1), no_decay);
    out_ = c.weight("out.weight", D, D);
    if (bounded && c.layer() > 0) {  // sigmoid(log(l / (L - l))) = l / L
      const auto l = static_cast<double>(c.layer()), L = static_cast<double>(c.layers());
      bound_ = c.parameter("bound", {D}, constant(static_cast<float>(elementary::log(l / (L - l)))),
                           no_decay);
    }
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    const Gate g = gate(x);
    return read_out(gated_linear_attention(silu(matmul(x, q_)), g.key, matmul(x, v_), g.log_decay,
                                           heads_, chunk_));
  }

  State start(int64_t batch) const override {  // S [B, H, d, d]
    const int64_t d = q_.dim(0) / heads_;
    return {{Tensor({batch, heads_, d, d})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Gate g = gate(x);
    const Tensor faded = heads::column(exp(g.log_decay), heads_) * state.tensors[0];
    const Tensor S = heads::written(faded, g.key, matmul(x, v_), heads_);
    state = {{S}, state.position + 1};
    return read_out(heads::read(silu(matmul(x, q_)), S, heads_));
  }

 private:
  struct Gate {
    Tensor log_decay, key;  // log f and 1 - f
  };
  Gate gate(const Tensor& x) const {
    const Tensor u = matmul(x, f_), key = sigmoid(-1.0f * u);
    if (!bound_.defined()) return {log_sigmoid(u), key};
    const Tensor b = sigmoid(bound_), rest = sigmoid(-1.0f * bound_);
    return {log(b + rest * sigmoid(u)), rest * key};
  }
  Tensor read_out(const Tensor& y) const { return matmul(rms_norm(y, gain_, 1e-5f), out_); }

  int64_t heads_, chunk_;
  Tensor q_, f_, v_, gain_, out_, bound_;
};

}  // namespace

LONGHAUL_PLUGIN(hgrn2) {
  registry.mixer<BothWays<Hgrn2>>(
      {.name = "hgrn2",
       .about = "HGRN with a matrix of states: the forget gate makes the keys",
       .source = "Qin et al. 2024, arXiv:2404.07904, eq. 4",
       .direction = Direction::either});
}

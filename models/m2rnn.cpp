// M2RNN: a nonlinear RNN whose state is a matrix (Mishra et al. 2026, arXiv:2603.14360, section 3).
//
//   q = x W_q, k = x W_k, v = x W_v, cut into H heads of width d = D / H
//   f = sigmoid(x W_f + b_f), one a head
//   Z_t = tanh(S_{t-1} W + k_t^T v_t)    S_t = f_t S_{t-1} + (1 - f_t) Z_t    y_t = q_t S_t
//   out = (norm(y) .* silu(x W_gate)) W_out
//
// S [d, d]; each of its rows is an RNN of d units, and the rows of a head share W [d, d]: what is
// written by outer products is transformed nonlinearly at every step, which state tracking needs.
// norm divides each head's output by its root mean square. W starts as the identity, b_f from 1 to
// 4 from head to head, so that heads remember for 4 to 50 steps at first; both are choices of ours.
// Time O(T D (D + d^2)), step by step; state D d. `solver` solves it in parallel instead, as rnn
// does (m2rnn_recurrence): its Jacobian f_t I + (1 - f_t) diag(1 - Z_t^2) W^T is one block of d x d
// for each row of S. Each sweep takes the time of about two steps a position.

#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/parts/solver_options.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/plugin.h"
#include "longhaul/recurrences.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

void identities(Tensor& values, Rng&) {  // [H, d, d]
  const int64_t d = values.dim(2);
  for (int64_t i = 0; i < values.size(); ++i) values.data()[i] = i / d % d == i % d ? 1.0f : 0.0f;
}

void rising(Tensor& values, Rng&) {
  const auto steps = static_cast<float>(std::max<int64_t>(values.size() - 1, 1));
  for (int64_t h = 0; h < values.size(); ++h)
    values.data()[h] = 1 + 3 * static_cast<float>(h) / steps;
}

class M2Rnn final : public Mixer {
 public:
  explicit M2Rnn(MixerContext& c) : heads_(read_heads(c, 4)), d_(c.d_model() / heads_) {
    const int64_t D = c.d_model();
    read_solver(spec_, c.options());
    spec_.layer = c.layer();
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    f_ = c.weight("f.weight", D, heads_);
    f_bias_ = c.parameter("f.bias", {heads_}, rising, {.decay = false});
    w_ = c.parameter("W", {heads_, d_, d_}, identities, {.decay = false});
    readout_ = HeadReadout(c, heads_, true);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Tensor y =
        m2rnn_recurrence(matmul(x, q_), matmul(x, k_), matmul(x, v_), forget(x), w_, heads_, spec_);
    return readout_(y, x);
  }

  State start(int64_t batch) const override {  // S [B, H, d, d]
    return {{Tensor({batch, heads_, d_, d_})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor S = state.tensors[0], f = reshape(forget(x), {x.dim(0), heads_, 1, 1});
    const Tensor z = tanh(heads::written(matmul(S, w_), matmul(x, k_), matmul(x, v_), heads_));
    const Tensor next = z + f * (S - z);
    state = {{next}, state.position + 1};
    return readout_(heads::read(matmul(x, q_), next, heads_), x);
  }

 private:
  Tensor forget(const Tensor& x) const { return sigmoid(matmul(x, f_) + f_bias_); }

  int64_t heads_, d_;
  RecurrenceSpec spec_;
  HeadReadout readout_;
  Tensor q_, k_, v_, f_, f_bias_, w_;
};

}  // namespace

LONGHAUL_PLUGIN(m2rnn) {
  registry.mixer<M2Rnn>({.name = "m2rnn",
                         .about = "nonlinear RNN with a matrix as its state",
                         .source = "Mishra et al. 2026, arXiv:2603.14360, section 3",
                         .direction = Direction::causal});
}

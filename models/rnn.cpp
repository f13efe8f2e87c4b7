// Nonlinear recurrent network, solved step by step or in parallel.
//
//   u_t = W x_t + b      h_t = cell(h_{t-1}, u_t)      y_t = out h_t
//
//   tanh (Elman 1990)   h_t = tanh(u_t + R h_{t-1})
//   gru (Cho et al. 2014, arXiv:1406.1078, with R^n h inside the reset gate)
//         r = sigmoid(u^r + R^r h), z = sigmoid(u^z + R^z h), n = tanh(u^n + r .* (R^n h))
//         h_t = (1 - z) .* n + z .* h_{t-1}
//
// R is block-diagonal in blocks of `block`: dense, or as narrow as diagonal, where the parallel
// solve is cheap. `newton` is DEER (Lim et al. 2023, arXiv:2309.12252, eq. 5): linearise around the
// last iterate, solve the linear recurrence, repeat; see nonlinear_recurrence in longhaul/ops.h.
// Time O(T (D^2 + D block)), state D per sequence.

#include <cmath>

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// Random orthogonal blocks (Gram-Schmidt on normal rows). They keep the length of h, so gradients
// reach as far back as tanh lets them; and no Jacobian of the tanh cell is then larger than 1,
// which is where newton converges in a few sweeps.
Init orthogonal() {
  return [](Tensor& values, Rng& rng) {
    normal(1)(values, rng);
    const int64_t n = values.dim(-1), rows = n ? values.size() / n : 0;
    for (int64_t row = 0; row < rows; ++row) {
      float* v = values.data() + row * n;
      const auto dot = [&](const float* w) {
        double sum = 0;
        for (int64_t i = 0; i < n; ++i) sum += double{v[i]} * double{w[i]};
        return sum;
      };
      for (int64_t earlier = row / n * n; earlier < row; ++earlier) {
        const float* w = values.data() + earlier * n;
        const auto overlap = static_cast<float>(dot(w));
        for (int64_t i = 0; i < n; ++i) v[i] -= overlap * w[i];
      }
      const auto length = static_cast<float>(std::sqrt(dot(v)));
      for (int64_t i = 0; i < n; ++i) v[i] /= length;
    }
  };
}

class Rnn final : public Mixer {
 public:
  explicit Rnn(MixerContext& c) : N_(c.d_model()) {
    Options& o = c.options();
    gru_ = o.choice("cell", "tanh", {"tanh", "gru"}, "the recurrent cell") == "gru";
    block_ = o.integer("block", 0, "width of the blocks of the recurrent matrix; 0 means dense");
    const std::string solver = o.choice("solver", "auto", {"auto", "sequential", "newton"},
                                        "how the recurrence is solved");
    spec_.tolerance =
        o.number("tolerance", 1e-6, "newton stops when no step's residual is larger", 0);
    spec_.max_iterations = static_cast<int>(
        o.integer("max_iterations", 100, "newton stops after as many sweeps", 1, 1 << 20));
    spec_.audit =
        o.flag("audit", false, "also solve sequentially and record the largest difference");
    if (block_ == 0) block_ = N_;
    if (block_ > N_ || N_ % block_ != 0) {
      o.problem("block", text("block ", block_, " does not divide d_model ", N_));
      block_ = N_;
    }
    spec_.cell = gru_ ? Cell::gru : Cell::tanh;
    spec_.solver = solver == "newton"       ? Solver::newton
                   : solver == "sequential" ? Solver::sequential
                                            : Solver::automatic;
    const int64_t gates = gru_ ? 3 : 1;
    w_ = c.weight("W", N_, gates * N_);
    b_ = c.parameter("b", {gates * N_}, zeros(), {.decay = false});
    r_ = c.parameter("R", {gates, N_ / block_, block_, block_}, orthogonal());
    out_ = c.weight("out", N_, N_);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    return matmul(nonlinear_recurrence(input(x), r_, spec_), out_);
  }

  State start(int64_t batch) const override { return {{Tensor({batch, N_})}}; }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor u = input(x), h = state.tensors[0];
    const Tensor next = gru_ ? gru(u, h) : tanh(u + recurrent(0, h));
    state = {{next}, state.position + 1};
    return matmul(next, out_);
  }

 private:
  Tensor input(const Tensor& x) const { return matmul(x, w_) + b_; }  // [..., gates N]

  Tensor recurrent(int64_t gate, const Tensor& h) const {  // R_gate h, [B, N]
    const int64_t B = h.dim(0), blocks = N_ / block_;
    const Tensor matrices = reshape(slice(r_, 0, gate, gate + 1), {blocks, block_, block_});
    const Tensor parts = permute(reshape(h, {B, blocks, block_}), {1, 0, 2});
    return reshape(permute(matmul(parts, matrices, false, true), {1, 0, 2}), {B, N_});
  }

  Tensor gru(const Tensor& u, const Tensor& h) const {
    const auto gate = [&](int64_t g) { return slice(u, 1, g * N_, (g + 1) * N_); };  // [B, N]
    const Tensor r = sigmoid(gate(0) + recurrent(0, h)), z = sigmoid(gate(1) + recurrent(1, h));
    const Tensor n = tanh(gate(2) + r * recurrent(2, h));
    return n + z * (h - n);
  }

  int64_t N_, block_;
  bool gru_;
  RecurrenceSpec spec_;
  Tensor w_, b_, r_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(rnn) {
  registry.mixer<Rnn>(
      {.name = "rnn",
       .about = "nonlinear recurrence (tanh or gru), sequential or solved in parallel",
       .source = "Elman 1990; Cho et al. 2014; solver Lim et al. 2023, arXiv:2309.12252",
       .direction = Direction::causal});
}

// Nonlinear recurrent network, solved step by step or in parallel.
//
//   u_t = W x_t + b      h_t = cell(h_{t-1}, u_t)      y_t = out h_t
//
//   tanh (Elman 1990)   h_t = tanh(u_t + R h_{t-1})
//   gru (Cho et al. 2014, arXiv:1406.1078, with R^n h inside the reset gate)
//         r = sigmoid(u^r + R^r h), z = sigmoid(u^z + R^z h), n = tanh(u^n + r .* (R^n h))
//         h_t = (1 - z) .* n + z .* h_{t-1}
//   lstm (Hochreiter and Schmidhuber 1997, forget gate of Gers et al. 2000, whose bias starts at 1)
//         i, f, o = sigmoid(u + R h), g = tanh(u^g + R^g h)
//         c_t = f .* c_{t-1} + i .* g, h_t = o .* tanh(c_t)
//   cifg (Danieli et al. 2025, arXiv:2510.21450; Greff et al. 2015, arXiv:1503.04069)
//         f = sigmoid(u^f + R^f h + p^f .* c_{t-1}), g = tanh(u^g + R^g h)
//         c_t = f .* c_{t-1} + (1 - f) .* g
//         o = sigmoid(u^o + R^o h + p^o .* c_t), h_t = o .* tanh(c_t)
//
// R is block-diagonal in blocks of `block`: dense, or as narrow as diagonal, where the parallel
// solve is cheap. With block 1 the Jacobian of tanh and gru is diagonal and that of lstm and cifg
// is made of 2 x 2 blocks: gru is ParaGRU then, cifg is ParaLSTM (Danieli et al. 2025). cifg's
// peepholes start normal, by 2 / sqrt(5 D), and its forget gates' bias from 0 to -1, as theirs.
// Solvers start at h = 0, or with `start: cell` at f(0, u_t), their first Jacobi sweep, as theirs.
//
// The solvers are those of nonlinear_recurrence (longhaul/ops.h, math/recurrence/parallel.cpp):
// x_t = f(x'_{t-1}) + M_t (x_{t-1} - x'_{t-1}) around the last iterate x', for newton (DEER, Lim et
// al. 2023, arXiv:2309.12252) with M the Jacobian. `sweeps: n` makes n sweeps the model, "n layers
// of a weight-tied linear RNN" (kexue.fm/archives/9783); its gradient is taken as if h had
// converged. Time O(T (D^2 + D block)) a sweep, state D per sequence (lstm and cifg 2 D; sweeps: n
// of them).

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/solver_options.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// Random orthogonal blocks times rho (Gram-Schmidt on normal rows). With rho = 1 they keep the
// length of h, so gradients reach as far back as tanh lets them; and no Jacobian of the tanh cell
// is then larger than 1, which is where newton converges in a few sweeps.
Init orthogonal(double rho) {
  return [rho](Tensor& values, Rng& rng) {
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
    for (int64_t i = 0; i < values.size(); ++i) values.data()[i] *= static_cast<float>(rho);
  };
}

const std::map<std::string, Cell> kCells = {
    {"tanh", Cell::tanh}, {"gru", Cell::gru}, {"lstm", Cell::lstm}, {"cifg", Cell::cifg}};
void read_sweeps(RecurrenceSpec& spec, Options& o) {
  spec.sweeps = static_cast<int>(o.integer(
      "sweeps", 0, "exactly as many sweeps, converged or not; 0: until converged", 0, 1 << 20));
  if (spec.sweeps && !spec.is_parallel())
    o.problem("sweeps", "sweeps needs a solver that sweeps, such as newton or fixed_a");
  // Decoding goes on from every sweep's last state, and knows neither another start nor windows.
  if (spec.sweeps && (spec.start != Start::zero || spec.window > 0))
    o.problem("sweeps", "sweeps needs start: zero and window: 0");
}

StudiedRecurrence read_recurrence(Options& o, int64_t d_model) {
  StudiedRecurrence r;
  r.width = d_model;
  r.spec.cell = kCells.at(
      o.choice("cell", "tanh", {"tanh", "gru", "lstm", "cifg"},
               "the recurrent cell; cifg: an lstm with a coupled input gate and peepholes"));
  r.block = o.integer("block", 0, "width of the blocks of the recurrent matrix; 0: dense");
  r.rho = o.number("rho", 1, "scale of the recurrent matrix at first; 1: orthogonal", 0);
  read_solver(r.spec, o);
  read_sweeps(r.spec, o);
  return r;
}

class Rnn final : public Mixer {
 public:
  explicit Rnn(MixerContext& c) : N_(c.d_model()) {
    Options& o = c.options();
    const StudiedRecurrence given = read_recurrence(o, N_);
    spec_ = given.spec;
    spec_.layer = c.layer();
    int64_t block = given.block ? given.block : N_;
    if (block > N_ || N_ % block != 0) {
      o.problem("block", text("block ", block, " does not divide d_model ", N_));
      block = N_;
    }
    const int64_t gates = spec_.cell == Cell::tanh ? 1 : spec_.cell == Cell::lstm ? 4 : 3;
    w_ = c.weight("W", N_, gates * N_);
    b_ = c.parameter("b", {gates * N_}, first_bias(), {.decay = false});
    r_ = c.parameter("R", {gates, N_ / block, block, block}, orthogonal(given.rho));
    if (spec_.cell == Cell::cifg)
      peepholes_ =
          c.parameter("peepholes", {2, N_}, normal(2 / std::sqrt(5 * static_cast<double>(N_))),
                      {.decay = false});
    out_ = c.weight("out", N_, N_);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    return matmul(nonlinear_recurrence(input(x), r_, spec_, nullptr, peepholes_), out_);
  }

  State start(int64_t batch) const override {
    return {{Tensor({batch, recurrence_state(N_, spec_)})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor h = recurrence_step(input(x), r_, spec_, state.tensors[0], peepholes_);
    ++state.position;
    return matmul(h, out_);
  }

 private:
  // Zeros but for the forget gate: 1 in an lstm (i, f, g, o), from 0 to -1 in a cifg (f, g, o).
  Init first_bias() const {
    return [N = N_, cell = spec_.cell](Tensor& values, Rng&) {
      std::fill_n(values.data(), values.size(), 0.0f);
      if (cell == Cell::lstm) std::fill_n(values.data() + N, N, 1.0f);
      const auto last = static_cast<float>(std::max<int64_t>(N - 1, 1));
      for (int64_t n = 0; cell == Cell::cifg && n < N; ++n)
        values.data()[n] = -static_cast<float>(n) / last;
    };
  }

  Tensor input(const Tensor& x) const { return matmul(x, w_) + b_; }  // [..., gates N]

  int64_t N_;
  RecurrenceSpec spec_;
  Tensor w_, b_, r_, peepholes_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(rnn) {
  registry.mixer<Rnn>(
      {.name = "rnn",
       .about = "nonlinear recurrence (tanh, gru, lstm or cifg), sequential or solved in parallel",
       .source = "Elman 1990; Cho et al. 2014; Hochreiter and Schmidhuber 1997; solver Lim et al. "
                 "2023, arXiv:2309.12252",
       .direction = Direction::causal,
       .recurrence = read_recurrence});
}

// PD-SSM: a state space whose matrix is a diagonal and a choice of where each state goes (Terzic et
// al. 2025, arXiv:2509.22284, section 4).
//
//   h_t = P_t (d_t .* h_{t-1}) + u_t B            y_t = [Re h_t, Im h_t] C + D .* u_t
//   d_t = sigmoid(m(u_t)) exp(2 pi i sigmoid(p(u_t)))
//   M_t = sum_k softmax(u_t select)_k dictionary_k, N x N
//   P_t has a single one in each column, in the row where that column of M_t is largest
//
// N complex states; such matrices are closed under products, and they can play any automaton of N
// states. m and p are GELU networks with one hidden layer of 2 N or, with `generators: linear`, a
// product each. Starts from h = 0.
//
// Gradient: the choice has none. Its gradient is by definition that of the softmax of M_t's columns
// in its place (straight-through), as the paper trains it; finite differences of the outputs do not
// show it. Gradient checks hold the choices and differentiate the function that has this gradient,
// choice + softmax(M_t) - softmax(M_t at the start): HeldChoices in longhaul/held_choices.h.
//
// B and dictionary start normal, by 1 / sqrt(2 D) and 1 / sqrt(N), select and D by 1, as in the
// authors' code for time series. Step by step (one_hot_scan in longhaul/recurrences.h). Time O(T (D
// N + N^2 K)), state 2 N.

#include <cmath>
#include <numbers>

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"
#include "longhaul/recurrences.h"

namespace {
using namespace longhaul;

// Numbers of each input in (0, 1): a product, or a network with one hidden layer.
class Generator {
 public:
  Generator() = default;
  Generator(MixerContext& c, const std::string& name, int64_t N, bool is_deep) {
    const int64_t D = c.d_model(), inner = is_deep ? 2 * N : N;
    const ParameterGroup no_decay{.decay = false};
    in_ = c.weight(name + (is_deep ? ".in.weight" : ".weight"), D, inner);
    in_bias_ = c.parameter(name + (is_deep ? ".in.bias" : ".bias"), {inner}, zeros(), no_decay);
    if (!is_deep) return;
    out_ = c.weight(name + ".out.weight", inner, N);
    out_bias_ = c.parameter(name + ".out.bias", {N}, zeros(), no_decay);
  }

  Tensor operator()(const Tensor& u) const {
    const Tensor x = matmul(u, in_) + in_bias_;
    return sigmoid(out_.defined() ? matmul(gelu(x), out_) + out_bias_ : x);
  }

 private:
  Tensor in_, in_bias_, out_, out_bias_;
};

class PdSsm final : public Mixer {
 public:
  explicit PdSsm(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    N_ = o.integer("state", 0, "complex states N; 0 means d_model");
    const int64_t K = o.integer("dictionary", 8, "matrices that a choice is mixed of", 1);
    const bool is_deep = o.choice("generators", "mlp", {"mlp", "linear"},
                                  "what makes the sizes and angles of the diagonal") == "mlp";
    if (N_ == 0) N_ = D;
    const auto states = static_cast<double>(N_), channels = static_cast<double>(D);
    size_ = Generator(c, "size", N_, is_deep);
    angle_ = Generator(c, "angle", N_, is_deep);
    select_ = c.parameter("select.weight", {D, K}, normal(1));
    dictionary_ = c.parameter("dictionary", {K, N_, N_}, normal(1 / std::sqrt(states)));
    b_ = c.parameter("B", {D, 2 * N_}, normal(std::sqrt(0.5 / channels)));
    c_ = c.parameter("C", {2 * N_, D}, normal(1 / std::sqrt(states)));
    d_ = c.parameter("D", {D}, normal(1));
  }

  Tensor forward(const Tensor& u, const Lengths&) const override {  // [B, T, D]; padding comes last
    return read_out(one_hot_scan(shares(u), dictionary_, decay(u), matmul(u, b_)), u);
  }

  // The state is h, real parts and imaginary parts [B, 2 N].
  State start(int64_t batch) const override { return {{Tensor({batch, 2 * N_})}}; }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Tensor h =
        one_hot_step(shares(u), dictionary_, decay(u), matmul(u, b_), state.tensors[0]);
    state = {{h}, state.position + 1};
    return read_out(h, u);
  }

 private:
  Tensor shares(const Tensor& u) const { return softmax(matmul(u, select_)); }
  Tensor decay(const Tensor& u) const {  // [..., 2 N]
    const Tensor size = size_(u), angle = scale(angle_(u), 2 * std::numbers::pi_v<float>);
    return concat({size * cos(angle), size * sin(angle)}, -1);
  }
  Tensor read_out(const Tensor& h, const Tensor& u) const { return matmul(h, c_) + d_ * u; }

  int64_t N_;
  Generator size_, angle_;
  Tensor select_, dictionary_, b_, c_, d_;
};

}  // namespace

LONGHAUL_PLUGIN(pd_ssm) {
  registry.mixer<PdSsm>({.name = "pd_ssm",
                         .about = "state space whose states move: a choice and a diagonal",
                         .source = "Terzic et al. 2025, arXiv:2509.22284, section 4",
                         .direction = Direction::causal});
}

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/rng.h"
#include "longhaul/tape.h"
#include "longhaul/tensor.h"

// The operators: free functions from tensors to a new tensor. Each computes its value and records
// its reverse step (tape.h). Inputs are never changed. Shapes that do not fit throw Error naming
// the operator and the shapes, and so do lengths, ids and options outside what is said. Negative
// axes count from the end. Sizes may be 0.
namespace longhaul {

// ---- elementwise, with broadcasting: shapes are aligned at the right, an extent of 1 repeats.
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor scale(const Tensor& x, float factor);  // factor * x
Tensor shift(const Tensor& x, float term);    // x + term
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator*(float factor, const Tensor& x) { return scale(x, factor); }
Tensor maximum(const Tensor& a, const Tensor& b);  // the larger; of equal ones a has the gradient
// a where mask is not 0, else b; equal shapes. The mask has no gradient, and what is not chosen may
// be inf or NaN.
Tensor where(const Tensor& mask, const Tensor& a, const Tensor& b);

Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);                           // no check: log of 0 is -inf
Tensor abs(const Tensor& x);                           // slope 0 at 0
Tensor pow(const Tensor& x, float exponent);           // no check: NaN as std::pow has it
Tensor clamp(const Tensor& x, float low, float high);  // slope 0 outside; throws unless low <= high
Tensor sqrt(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);  // 1 / (1 + exp(-x))
Tensor silu(const Tensor& x);     // x * sigmoid(x)
Tensor gelu(const Tensor& x);     // tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
Tensor relu(const Tensor& x);
Tensor softplus(const Tensor& x);                        // log(1 + exp(x)), for any x
Tensor log_sigmoid(const Tensor& x);                     // -softplus(-x)
Tensor elu1(const Tensor& x);                            // elu(x) + 1: x + 1 if x > 0, else exp(x)
Tensor gated_silu(const Tensor& x, const Tensor& gate);  // x * silu(gate), equal shapes

// ---- products
// a [..., m, k] times b [k, n] (one weight for all) or b [..., k, n] -> [..., m, n]. Leading
// extents broadcast: aligned at the right, an extent of 1 repeats. `transpose_a`: a is stored as
// [..., k, m]; `transpose_b`: b as [..., n, k].
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);
// The gated MLP (Shazeer 2020, arXiv:2002.05202, SwiGLU): (x up * silu(x gate)) down. x [..., D],
// up and gate [D, H], down [H, E] -> [..., E]. In training, 64 rows or more of widths that are
// whole panels (math/kernels/panels.h) go through it block by block; only x up and x gate are kept.
Tensor gated_mlp(const Tensor& x, const Tensor& up, const Tensor& gate, const Tensor& down);

// ---- shape: all but reshape copy
Tensor reshape(const Tensor& x, const Shape& shape);  // same values and order
Tensor permute(const Tensor& x, const std::vector<int>& axes);
Tensor transpose(const Tensor& x);  // of the last two axes
Tensor slice(const Tensor& x, int axis, int64_t begin, int64_t end);
Tensor concat(std::span<const Tensor> parts, int axis);
inline Tensor concat(std::initializer_list<Tensor> parts, int axis) {
  return concat(std::span<const Tensor>(parts.begin(), parts.size()), axis);
}
// Every index of the axis `count` times in a row: repeat([a, b], 0, 2) is [a, a, b, b].
Tensor repeat(const Tensor& x, int axis, int64_t count);
// x [..., C], ids one a row of it -> [...]: x[..., ids[...]]. Throws if an id is outside [0, C).
Tensor gather(const Tensor& x, const std::vector<int32_t>& ids);
// x [B, T, ...]: reverses t < lengths[b], keeps padding.
Tensor flip(const Tensor& x, const Lengths& lengths);

// ---- reductions; the axis disappears
Tensor sum(const Tensor& x, int axis);
Tensor mean(const Tensor& x, int axis);
Tensor max(const Tensor& x, int axis);  // the first of equal ones has the gradient; throws if empty
Tensor sum_all(const Tensor& x);        // -> scalar
Tensor cumsum(const Tensor& x, int axis);  // keeps the axis: sums up to and with each index
Tensor softmax(const Tensor& x);           // over the last axis
// [B, T, D] -> [B, D]: the mean of the rows t < lengths[b]; the last of them.
Tensor pool_mean(const Tensor& x, const Lengths& lengths);
Tensor pool_last(const Tensor& x, const Lengths& lengths);
// The largest of these rows, channel by channel; the first of equal ones has the gradient.
Tensor pool_max(const Tensor& x, const Lengths& lengths);

// ---- layers
// Over the last axis D. gain, bias [D]; an undefined bias is left out.
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon = 1e-5f);
// Over the real positions of x [B, T, D] (Ioffe & Szegedy 2015, arXiv:1502.03167): each channel
// less its mean, divided by its deviation, times gain, plus bias [D]; what padding yields does not
// matter. `statistics` [2 D + 1] is MixerContext::statistics. `in_training`: the mean and variance
// are those of x, and the gradient slot of `statistics` receives the sums of x and x^2 and their
// count. Otherwise they are the running ones; x is then [..., D] and has no lengths.
Tensor batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& statistics,
                  const Lengths& lengths, bool in_training, float epsilon = 1e-5f);
Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon = 1e-6f);
// table [V, D], ids of the given shape -> [shape..., D]. Throws if an id is outside [0, V).
Tensor embedding(const Tensor& table, const std::vector<int32_t>& ids, const Shape& shape);
// Keeps a value with probability 1-p, scaled by 1/(1-p).
Tensor dropout(const Tensor& x, double p, Rng rng);
// Depthwise causal convolution along t: y[b,t,d] = sum_j w[j,d] x[b,t-j,d]; x [B,T,D], w [K,D].
Tensor causal_conv(const Tensor& x, const Tensor& w);
// The same for long w, by Fourier transforms (computed in double): time O(B D T log T).
Tensor fft_convolution(const Tensor& x, const Tensor& w);
// weight * sum over scored rows of -log softmax(logits)[target]; logits [N, C] -> scalar. Rows
// whose target is kIgnore do not count. Throws if another target is outside [0, C).
Tensor cross_entropy(const Tensor& logits, const std::vector<int32_t>& targets, float weight = 1);

// ---- sequence operators
// Rotary positions (Su et al. 2021, arXiv:2104.09864, eq. 34): in every head the pair (i, i + d/2)
// of row t, at position p = first + step * t, turns by p * frequencies[i] and is multiplied by
// exp(p * growth[i]). x [B, T, heads * d].
struct RotarySpec {
  int64_t heads = 1;
  std::span<const double> frequencies = {};  // d/2 of them, radians a position
  std::span<const double> growth = {};       // likewise, or empty: 0
  double first = 0, step = 1;
};
Tensor rotary(const Tensor& x, const RotarySpec& spec);
// The same with frequencies base^(-2i/d).
Tensor rope(const Tensor& x, int64_t heads, double base = 10000, int64_t first = 0);

// Softmax attention (Vaswani et al. 2017, eq. 1), tiled: the [Tq, Tk] matrix is never stored, the
// reverse step recomputes it (Dao et al. 2022, arXiv:2205.14135). Time is linear in the length
// under a window. q [B, Tq, H d], k [B, Tk, G d], v [B, Tk, G dv] -> [B, Tq, H dv]; keys at t >=
// lengths[b] are not seen. `causal` needs Tq == Tk and first == 0. A query that sees no key yields
// 0. With D = first + i - j the distance of query i and key j, the logit is scale * <q_i, k_j> +
// bias[h, |D|].
struct AttentionSpec {
  int64_t heads = 1;  // H
  bool causal = true;
  std::optional<float> scale = {};  // of q.k; 1/sqrt(d) if not given
  // G, a divisor of H: consecutive H / G heads of q share one of k and v (Ainslie et al. 2023,
  // arXiv:2305.13245). 0 means H.
  int64_t kv_heads = 0;
  int64_t window = 0;  // only keys at |D| < window are seen; 0: all
  int64_t first = 0;   // position of query 0 among the keys, when decoding
  Tensor bias = {};    // [H, n] with n > every |D|, or undefined; has a gradient
  // Shapes of q and k. If defined, <far_q_i, far_k_j> takes the place of <q_i, k_j> at D >=
  // far_from.
  Tensor far_q = {}, far_k = {};
  int64_t far_from = 0;
  // [B, Tk, H] or undefined: how much each position dims all before it, at most 0. The logit of
  // query i and key j gains the sum of log_forget over (j, first + i] (the forgetting attention of
  // Lin et al. 2025, arXiv:2503.02130, eq. 4). Keys that are seen must not come later.
  Tensor log_forget = {};
  // [H] or undefined: a logit that takes part in the softmax and carries no value (an attention
  // sink, as in gpt-oss; Xiao et al. 2023, arXiv:2309.17453, with zeros as its key and value).
  Tensor sink = {};
};
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
                 const AttentionSpec& spec);

// Linear attention (Katharopoulos et al. 2020, arXiv:2006.16236, eq. 9 and 12), with features
// already applied: y_i = q_i S_i / (q_i z_i + epsilon), S_i = sum_j k_j^T v_j, z_i = sum_j k_j,
// over j <= i (causal, in chunks) or over all j < lengths[b]. q, k [B, T, H d], v [B, T, H dv] ->
// [B, T, H dv]. Not normalised: y_i = q_i S_i.
struct LinearAttentionSpec {
  int64_t heads = 1;
  bool causal = true;
  int64_t chunk = 64;
  float epsilon = 1e-6f;
  bool normalise = true;
};
Tensor linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
                        const LinearAttentionSpec& spec);

// Linear attention whose state fades, each of its rows by a factor of its own (Yang et al. 2024,
// arXiv:2312.06635, eq. 3): S_t = diag(exp(log_decay_t)) S_{t-1} + k_t^T v_t, S_{-1} = 0, and
// y_t = q_t S_t. q, k [B, T, H d], v [B, T, H dv], log_decay [B, T, H d], or [B, T, H] for one
// decay a head (Dao & Gu 2024, arXiv:2405.21060, eq. 16), or [H d] for decays that do not change
// (retention, Sun et al. 2023, arXiv:2307.08621, eq. 5) -> [B, T, H dv]. Causal, in chunks of up to
// `chunk` positions; decays of any strength are exact, -inf included. Heads that share queries or
// keys: repeat() them.
Tensor gated_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                              const Tensor& log_decay, int64_t heads, int64_t chunk = 64);

// The gated delta rule (Yang et al. 2025, arXiv:2412.06464, eq. 10; without log_decay the delta
// rule, Schlag et al. 2021, arXiv:2102.11174, eq. 24): what the state holds under the key k_t moves
// towards v_t by the share beta_t,
//   S_t = a_t S_{t-1} + beta_t k_t^T (v_t - k_t a_t S_{t-1}), a_t = exp(log_decay_t), y_t = q_t S_t
// q, k [B, T, H d], v [B, T, H dv], beta, log_decay [B, T, H] -> [B, T, H dv]; log_decay [B, T, H
// d] fades each row of S by itself (Kimi Delta Attention, arXiv:2510.26692, eq. 1), an undefined
// one is 0. Keys should have length 1 and beta lie in [0, 1] (or 2), else S may grow without bound.
// Causal, in chunks by the WY form (Yang et al. 2024, arXiv:2406.06484, section 3.2).
Tensor delta_rule(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& beta,
                  const Tensor& log_decay, int64_t heads, int64_t chunk = 32);

// Complex diagonal recurrence x_t = lambda * x_{t-1} + u_t, x_{-1} = 0 (Orvieto et al. 2023,
// arXiv:2303.06349, eq. 2). Complex rows keep their real parts in [0, N) and imaginary parts in
// [N, 2N): u [B, T, 2N], lambda [2N] -> x [B, T, 2N].
Tensor complex_scan(const Tensor& lambda, const Tensor& u);

// Real gated recurrence x_t = a_t * x_{t-1} + b_t, x_{-1} = 0 (Martin & Cundy 2018,
// arXiv:1709.04057, eq. 1), one value a channel. b [B, T, N]; a [B, T, N], or [N] for gates that do
// not change -> x [B, T, N].
Tensor gated_scan(const Tensor& a, const Tensor& b);

// One complex diagonal state space for each channel, from input to output (Gu et al. 2022,
// arXiv:2206.11893, eq. 2 and 5): x_t[n, d] = lambda[n, d] x_{t-1}[n, d] + u_t[d],
// y_t[d] = Re sum_n c[n, d] x_t[n, d]. lambda, c [2N, D], real parts in rows [0, N), imaginary
// parts in rows [N, 2N); u [B, T, D] -> y [B, T, D]. The states are never stored; the reverse step
// recomputes them chunk by chunk.
Tensor diagonal_ssm(const Tensor& lambda, const Tensor& c, const Tensor& u);

// The selective state space S6 (Gu & Dao 2023, arXiv:2312.00752, algorithm 2):
//   h_t[n, d] = exp(dt_t[d] a[n, d]) h_{t-1}[n, d] + dt_t[d] b_t[n] u_t[d]
//   y_t[d] = sum_n c_t[n] h_t[n, d]
// u, dt [B, T, D], a [N, D], b, c [B, T, N] -> y [B, T, D]. dt * a must not be positive for long
// inputs. The states are never stored; the reverse step recomputes them chunk by chunk.
Tensor selective_scan(const Tensor& u, const Tensor& dt, const Tensor& a, const Tensor& b,
                      const Tensor& c);

// The weighted mean of RWKV-4 (Peng et al. 2023, arXiv:2305.13048, eq. 16): values weighted by
// exp(k), fading by exp(-w) a step, with a weight of its own for the present one:
//   y_t = (S_t + exp(u + k_t) v_t) / (Z_t + exp(u + k_t)),
//   S_t = sum_{i<t} exp(k_i - (t-1-i) w) v_i,  Z_t = sum_{i<t} exp(k_i - (t-1-i) w)
// w, u [N], k, v [B, T, N] -> y [B, T, N]. No exponential overflows, whatever k is.
Tensor wkv(const Tensor& w, const Tensor& u, const Tensor& k, const Tensor& v);

// Nonlinear recurrence h_t = cell(h_{t-1}, u_t), h_{-1} = 0, as one operator.
//
//   tanh: h_t = tanh(u_t + R h_{t-1})                              u [B, T, N],  G = 1
//   gru:  r = sigmoid(u^r + R^r h), z = sigmoid(u^z + R^z h),      u [B, T, 3N], G = 3,
//         n = tanh(u^n + r * (R^n h)), h_t = (1 - z) * n + z * h   in the order r, z, n
//   lstm: i, f, o = sigmoid(u + R h), g = tanh(u^g + R^g h),       u [B, T, 4N], G = 4,
//         c_t = f * c_{t-1} + i * g, h_t = o * tanh(c_t)           in the order i, f, g, o
//   cifg: f = sigmoid(u^f + R^f h + p^f * c_{t-1})                 u [B, T, 3N], G = 3,
//         g = tanh(u^g + R^g h), c_t = f * c_{t-1} + (1 - f) * g   in the order f, g, o
//         o = sigmoid(u^o + R^o h + p^o * c_t), h_t = o * tanh(c_t)
//
// cifg is an lstm whose input gate is coupled to its forget gate, with peepholes: `peepholes`
// [2, N], p^f and p^o, or undefined, which stands for zeros (ParaLSTM, Danieli et al. 2025,
// arXiv:2510.21450). Other cells have none.
//
// `recurrent` [G, N / block, block, block] holds the block-diagonal matrices R: block = N is dense,
// block = 1 diagonal; (R h)_i = sum_j R[i, j] h_j within a block.
// sequential: the loop. automatic: the loop, or newton where it was measured to be faster. The
// others sweep over all steps at once, h_t = f(h'_{t-1}, u_t) + M_t (h_{t-1} - h'_{t-1}) around the
// last iterate h', until no step's residual is above `tolerance`; they differ in M, see
// math/recurrence/parallel.cpp. newton is DEER (Lim et al. 2023, arXiv:2309.12252).
// The reverse step is one linear reverse recurrence with the exact Jacobians at the returned h: the
// exact gradient of a converged h. Of an h that is not converged (`sweeps`) it is the gradient as
// if it were, off by the order of the residual.
//
// leaky is the cell of m2rnn_recurrence (longhaul/recurrences.h), which nonlinear_recurrence does
// not take: h_t = f_t h_{t-1} + (1 - f_t) tanh(u_t + R h_{t-1}) with f_t given.
enum class Cell { tanh, gru, lstm, cifg, leaky };
enum class Solver {
  sequential,
  newton,
  quasi_newton,
  first_order,
  fixed_a,
  picard,
  jacobi,
  elk,
  clip_elk,
  automatic
};
// The iterate that the first sweep starts from: h = 0; h_t = cell(0, u_t); or what the solver found
// at the same place of the last training step (LastStates, math/recurrence/last_states.h).
enum class Start { zero, cell, last };
struct RecurrenceSpec {
  Cell cell = Cell::tanh;
  Solver solver = Solver::automatic;
  double tolerance = 1e-6;
  int max_iterations = 100;
  int sweeps = 0;         // if not 0: exactly as many sweeps, converged or not
  double clip = 1;        // iterates of h stay in [-clip, clip]; every solution is in [-1, 1]
  double damping = 1e-3;  // elk: the weight of staying near the last iterate
  Start start = Start::zero;
  int64_t layer = 0;   // whose states `last` means: each recurrence of a model has its own
  int64_t window = 0;  // steps that are swept together, one window after another; 0: all
  // Also solve sequentially and note "solver.error", the largest difference of h, and in the
  // reverse step "solver.gradient_error", that of du relative to the largest du.
  bool audit = false;

  // Whether it surely sweeps; automatic may.
  bool is_parallel() const { return solver != Solver::sequential && solver != Solver::automatic; }
};
// What the solver did. `residual`: max |h_t - cell(h_{t-1}, u_t)| of the returned h (of c, relative
// to |c| where that is above 1). Noted as "solver.iterations", "solver.residual" and
// "solver.unconverged", the fraction of sequences whose residual is above the tolerance.
struct SolverReport {
  int iterations = 0;  // of all windows, one after another
  double residual = 0;
  double largest = 0;  // the largest |h| (or |c|) of any iterate
  bool converged = true;
  double unconverged_fraction = 0;
};
Tensor nonlinear_recurrence(const Tensor& u, const Tensor& recurrent, const RecurrenceSpec& spec,
                            SolverReport* report = nullptr, const Tensor& peepholes = {});

// A recurrence as a model has it, for the study of its solver (ModelInfo::recurrence): how it is
// solved, its width N and the width of its matrices' blocks, 0 for dense, and their spectral radius
// at first.
struct StudiedRecurrence {
  RecurrenceSpec spec;
  int64_t width = 0, block = 0;
  double rho = 1;
};

// One more step: u [B, G N] -> h [B, N], what nonlinear_recurrence returns there. `state`
// [B, recurrence_state], at first zeros, is replaced by a new one. Decoding only: no gradient.
int64_t recurrence_state(int64_t N, const RecurrenceSpec& spec);  // values of one sequence
Tensor recurrence_step(const Tensor& u, const Tensor& recurrent, const RecurrenceSpec& spec,
                       Tensor& state, const Tensor& peepholes = {});

// For operators of your own: adds `count` floating-point operations to the running measurement.
void count_flops(int64_t count);

}  // namespace longhaul

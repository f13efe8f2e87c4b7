#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/rng.h"
#include "longhaul/tape.h"
#include "longhaul/tensor.h"

// The operators: free functions from tensors to a new tensor. Each computes its value and records
// its reverse step (tape.h). Inputs are never changed. Shapes that do not fit throw Error naming
// the operator and the shapes. Negative axes count from the end. Sizes may be 0.
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

Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);  // no check: log of 0 is -inf
Tensor sqrt(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);  // 1 / (1 + exp(-x))
Tensor silu(const Tensor& x);     // x * sigmoid(x)
Tensor gelu(const Tensor& x);     // tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
Tensor relu(const Tensor& x);
Tensor softplus(const Tensor& x);                        // log(1 + exp(x)), for any x
Tensor elu1(const Tensor& x);                            // elu(x) + 1: x + 1 if x > 0, else exp(x)
Tensor gated_silu(const Tensor& x, const Tensor& gate);  // x * silu(gate), equal shapes

// ---- products
// a [..., m, k] times b [k, n] (one weight for all) or b [..., k, n] (same leading extents as a)
// -> [..., m, n]. `transpose_a`: a is stored as [..., k, m]; `transpose_b`: b as [..., n, k].
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);

// ---- shape: all but reshape copy
Tensor reshape(const Tensor& x, const Shape& shape);  // same values and order
Tensor permute(const Tensor& x, const std::vector<int>& axes);
Tensor transpose(const Tensor& x);  // of the last two axes
Tensor slice(const Tensor& x, int axis, int64_t begin, int64_t end);
Tensor concat(std::span<const Tensor> parts, int axis);
inline Tensor concat(std::initializer_list<Tensor> parts, int axis) {
  return concat(std::span<const Tensor>(parts.begin(), parts.size()), axis);
}
Tensor flip(const Tensor& x,
            const Lengths& lengths);  // x [B, T, ...]: reverses t < lengths[b], keeps padding

// ---- reductions; the axis disappears
Tensor sum(const Tensor& x, int axis);
Tensor mean(const Tensor& x, int axis);
Tensor sum_all(const Tensor& x);  // -> scalar
Tensor softmax(const Tensor& x);  // over the last axis
Tensor pool_mean(const Tensor& x,
                 const Lengths& lengths);  // [B, T, D] -> [B, D], over t < lengths[b]
Tensor pool_last(const Tensor& x,
                 const Lengths& lengths);  // [B, T, D] -> [B, D], at lengths[b] - 1

// ---- layers
// Over the last axis D. gain, bias [D]; an undefined bias is left out.
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon = 1e-5f);
Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon = 1e-6f);
// table [V, D], ids of the given shape -> [shape..., D]. Throws if an id is outside [0, V).
Tensor embedding(const Tensor& table, const std::vector<int32_t>& ids, const Shape& shape);
// Keeps a value with probability 1-p, scaled by 1/(1-p).
Tensor dropout(const Tensor& x, double p, Rng rng);
// Depthwise causal convolution along t: y[b,t,d] = sum_j w[j,d] x[b,t-j,d]; x [B,T,D], w [K,D].
Tensor causal_conv(const Tensor& x, const Tensor& w);
// weight * sum over scored rows of -log softmax(logits)[target]; logits [N, C] -> scalar. Rows
// whose target is kIgnore do not count. Throws if another target is outside [0, C).
Tensor cross_entropy(const Tensor& logits, const std::vector<int32_t>& targets, float weight = 1);

// ---- sequence operators
// Rotary positions (Su et al. 2021, arXiv:2104.09864, eq. 34): in every head the pair (i, i + d/2)
// at position p turns by p * base^(-2i/d). x [B, T, heads * d]; positions are first, first+1, ...
Tensor rope(const Tensor& x, int64_t heads, double base = 10000, int64_t first = 0);

// Softmax attention (Vaswani et al. 2017, eq. 1), tiled: the [Tq, Tk] matrix is never stored, the
// reverse step recomputes it (Dao et al. 2022, arXiv:2205.14135).
// q [B, Tq, H d], k [B, Tk, H d], v [B, Tk, H dv] -> [B, Tq, H dv]; keys at t >= lengths[b] are not
// seen. `causal` needs Tq == Tk. A query that sees no key yields 0.
struct AttentionSpec {
  int64_t heads = 1;
  bool causal = true;
  float scale = 0;  // of q.k; 0 means 1/sqrt(d)
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
// y_t = q_t S_t. q, k [B, T, H d], v [B, T, H dv], log_decay [B, T, H d], or [H d] for decays that
// do not change (retention, Sun et al. 2023, arXiv:2307.08621, eq. 5) -> [B, T, H dv]. Causal, in
// chunks of up to `chunk` positions; decays of any strength are exact, -inf included.
Tensor gated_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                              const Tensor& log_decay, int64_t heads, int64_t chunk = 64);

// The gated delta rule (Yang et al. 2025, arXiv:2412.06464, eq. 10; without log_decay the delta
// rule, Schlag et al. 2021, arXiv:2102.11174, eq. 24): what the state holds under the key k_t moves
// towards v_t by the share beta_t,
//   S_t = a_t S_{t-1} + beta_t k_t^T (v_t - k_t a_t S_{t-1}), a_t = exp(log_decay_t), y_t = q_t S_t
// q, k [B, T, H d], v [B, T, H dv], beta, log_decay [B, T, H] -> [B, T, H dv]; an undefined
// log_decay is 0. Keys should have length 1 and beta lie in [0, 1] (or 2), else S may grow without
// bound. Causal, in chunks by the WY form (Yang et al. 2024, arXiv:2406.06484, section 3.2).
Tensor delta_rule(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& beta,
                  const Tensor& log_decay, int64_t heads, int64_t chunk = 32);

// Complex diagonal recurrence x_t = lambda * x_{t-1} + u_t, x_{-1} = 0 (Orvieto et al. 2023,
// arXiv:2303.06349, eq. 2). Complex rows keep their real parts in [0, N) and imaginary parts in
// [N, 2N): u [B, T, 2N], lambda [2N] -> x [B, T, 2N].
Tensor complex_scan(const Tensor& lambda, const Tensor& u);

// Nonlinear recurrence h_t = cell(h_{t-1}, u_t), h_{-1} = 0, as one operator.
//   tanh: h_t = tanh(u_t + R h_{t-1})                                       u [B, T, N],  G = 1
//   gru:  r = sigmoid(u^r + R^r h), z = sigmoid(u^z + R^z h),
//         n = tanh(u^n + r * (R^n h)), h_t = (1 - z) * n + z * h            u [B, T, 3N], G = 3,
//         order r, z, n
// `recurrent` [G, N / block, block, block] holds the block-diagonal matrices R: block = N is dense,
// block = 1 diagonal; (R h)_i = sum_j R[i, j] h_j within a block.
// sequential: the loop. newton: DEER (Lim et al. 2023, arXiv:2309.12252): linearise the cell around
// the last iterate, solve the linear recurrence exactly, repeat until the largest change is below
// `tolerance`. automatic: whichever was measured faster for this shape on this machine.
// The reverse step is one linear reverse recurrence with the exact Jacobians at the returned h.
enum class Cell { tanh, gru };
enum class Solver { sequential, newton, automatic };
struct RecurrenceSpec {
  Cell cell = Cell::tanh;
  Solver solver = Solver::automatic;
  double tolerance = 1e-6;
  int max_iterations = 100;
  bool audit = false;  // also solve sequentially and note("solver.error", the largest difference)
};
// What the solver did. `residual`: max |h_t - cell(h_{t-1}, u_t)| of the returned h.
struct SolverReport {
  int iterations = 0;
  double residual = 0;
  bool converged = true;
};
Tensor nonlinear_recurrence(const Tensor& u, const Tensor& recurrent, const RecurrenceSpec& spec,
                            SolverReport* report = nullptr);

// For operators of your own: adds `count` floating-point operations to the running measurement.
void count_flops(int64_t count);

}  // namespace longhaul

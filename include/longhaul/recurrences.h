#pragma once

#include <cstdint>

#include "longhaul/ops.h"
#include "longhaul/tensor.h"

// Recurrences that few models use, beside those of ops.h and under the same
// rules. All are causal, start from zeros and have gradients of every input.
namespace longhaul {

// A state that fades, is read and corrected, and is written to, each along vectors of its own
// (RWKV-7, Peng et al. 2025, arXiv:2503.14456, eq. 16; "diagonal plus low rank"):
//   S_t = diag(exp(log_decay_t)) S_{t-1} + b_t^T (a_t S_{t-1}) + k_t^T v_t,    y_t = q_t S_t
// q, k, a, b, log_decay [B, T, H d], v [B, T, H dv] -> [B, T, H dv]. Position by position; the
// states are never stored, the reverse step recomputes them piece by piece.
Tensor dplr_scan(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& a,
                 const Tensor& b, const Tensor& log_decay, int64_t heads);

// The first `length` values of the convolution that a state space with a diagonal plus a low-rank
// matrix is (S4, Gu et al. 2022, arXiv:2111.00396), one system for each channel:
//   x' = (lambda - p p*) x + b u, y = 2 Re(c x), sampled in steps of dt by the bilinear rule
// lambda, p, b, c [2N, D], real parts in rows [0, N), imaginary parts in rows [N, 2N), each for a
// conjugate pair; dt [D] -> [length, D]. The system is read at points of its generating function
// (algorithm 1 of the paper) within the unit circle, so that no end of the kernel reaches its
// beginning. In double; time O(length (N + log length) D).
Tensor dplr_kernel(const Tensor& lambda, const Tensor& p, const Tensor& b, const Tensor& c,
                   const Tensor& dt, int64_t length);

// m_t = max(a_t + m_{t-1}, b_t), m_{-1} = -inf: the largest exponent of a sum of products so far,
// which keeps exponential gates in range (Beck et al. 2024, arXiv:2405.04517, eq. 15). a, b
// [B, T, N] -> [B, T, N]. It carries no gradient: what it is subtracted from does not depend on it.
Tensor running_max(const Tensor& a, const Tensor& b);

// The sLSTM cell (Beck et al. 2024, arXiv:2405.04517, eq. 8 to 18), with logs of exponential gates:
//   z = tanh(z~), o = sigmoid(o~), f~ = log sigmoid(u^f + R^f h), all gates from u_t + R h_{t-1}
//   m_t = max(f~ + m_{t-1}, i~), c_t = exp(f~ + m_{t-1} - m_t) c_{t-1} + exp(i~ - m_t) z
//   n_t = exp(f~ + m_{t-1} - m_t) n_{t-1} + exp(i~ - m_t),   h_t = o c_t / n_t
// u [B, T, 4 N] in the order i, f, z, o; recurrent [4, N / block, block, block], (R h)_i =
// sum_j R[i, j] h_j within a block -> h [B, T, N].
Tensor slstm_recurrence(const Tensor& u, const Tensor& recurrent);

// One more step: u [B, 4 N] -> h [B, N]; `state` [B, 4 N] holds h, c, n and m, at first
// slstm_state(). Decoding only: no gradient.
Tensor slstm_state(int64_t batch, int64_t N);
Tensor slstm_step(const Tensor& u, const Tensor& recurrent, Tensor& state);

// The matrix-to-matrix nonlinear RNN (Mishra et al. 2026, arXiv:2603.14360, eq. 3), a state of
// K rows that are nonlinear RNNs sharing W:
//   Z_t = tanh(H_{t-1} W + k_t^T v_t),   H_t = f_t H_{t-1} + (1 - f_t) Z_t,   y_t = q_t H_t
// q, k [B, T, h K], v [B, T, h V], f [B, T, h], W [h, V, V] for h heads -> [B, T, h V].
// Solved as nonlinear_recurrence (ops.h) is, with the solvers, the notes and the audit of `spec`:
// a head's K rows are one leaky cell, whose Jacobian is made of K blocks of V x V. automatic is the
// loop; `sweeps` is not for it. The states of a sweep take memory for T K V values a head while it
// is solved; afterwards as little is kept as by the loop.
Tensor m2rnn_recurrence(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& f,
                        const Tensor& w, int64_t heads, const RecurrenceSpec& spec = {},
                        SolverReport* report = nullptr);

// A complex state whose entries move and turn (PD-SSM, Terzic et al. 2025, arXiv:2509.22284):
//   h_t = P_t (d_t .* h_{t-1}) + b_t,   M_t = sum_k select_t[k] dictionary[k]
// P_t [N, N] has a single one in each column, in the row where that column of M_t is largest (the
// first of equal ones). select [B, T, K], dictionary [K, N, N], decay d and input b [B, T, 2 N],
// real parts, then imaginary parts -> h [B, T, 2 N]. N^2 values are formed at every position, none
// of them is stored. Time O(T K N^2).
// The choice is constant almost everywhere. Its gradient is, by definition, that of the softmax of
// M_t's columns in its place (straight-through); HeldChoices (held_choices.h) can check it.
Tensor one_hot_scan(const Tensor& select, const Tensor& dictionary, const Tensor& decay,
                    const Tensor& input);

// One more step: rows [B, K], [B, 2 N] twice and the state [B, 2 N], zeros at first -> the next
// state. Decoding only: no gradient.
Tensor one_hot_step(const Tensor& select, const Tensor& dictionary, const Tensor& decay,
                    const Tensor& input, const Tensor& state);

}  // namespace longhaul

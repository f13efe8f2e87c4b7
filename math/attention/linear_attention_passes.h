// The two passes of linear attention over one head (linear_attention.cpp has the formulas). Each
// goes through the sequence in chunks and carries one matrix for all that came before:
//   absorb(t, n)         positions t .. t + n enter that matrix
//   emit(t, n, earlier)  makes their outputs; not `earlier`: the matrix is still empty
#pragma once

#include <algorithm>

#include "math/kernels/head.h"
#include "math/kernels/tile.h"
#include "math/memory.h"

namespace longhaul::linear {

using head::add_scaled, head::moved, head::put_rows;
using head::Rows, head::Scratch;
using tile::kWidth;

constexpr int64_t kGroup = 24;  // rows of scores held at a time

struct Problem {
  int64_t B, T, H, d, dv, chunk;
  bool causal;
  float epsilon;
  bool normalise;
  int64_t wide() const { return tile::round_up(d); }
  int64_t wide_v() const { return tile::round_up(dv); }
  // Row stride of what has a chunk's positions as lanes; a group may begin at any of them.
  int64_t lanes() const { return tile::round_up(chunk) + kWidth; }
  // Where head h of sequence b begins in a [B, T, H * width] array.
  int64_t at(int64_t b, int64_t h) const { return b * T * H * d + h * d; }
  int64_t at_v(int64_t b, int64_t h) const { return b * T * H * dv + h * dv; }
  // Room for padded copies of so many arrays of d and of dv channels: those that need one.
  int64_t padding(int64_t of_d, int64_t of_dv) const {
    return T * ((wide() > d ? of_d * wide() : 0) + (wide_v() > dv ? of_dv * wide_v() : 0));
  }
  int64_t chunks() const { return (T + chunk - 1) / chunk; }
  // What the reverse step finds again of one head: the sums of k_j^T v_j [d, wide_v] and k_j [d]
  // before each chunk, or if not causal over all keys.
  int64_t state() const { return d * (wide_v() + 1); }
  int64_t states() const { return causal ? chunks() : 1; }
  int64_t state_at(int64_t t) const { return causal ? t / chunk * state() : 0; }
};

// y and the denominators D of one head; the states too if there is a place for them.
class ForwardPass {
 public:
  ForwardPass(const Problem& p, const Rows& q, const Rows& k, const Rows& v, int64_t keys, float* y,
              float* denominator, float* states)
      : p_(p),
        q_(q),
        k_(k),
        keys_(keys),
        y_(y),
        y_stride_(v.stride),
        denominator_(denominator),
        states_(states) {
    v_ = scratch_.padded(v, keys, p.dv);
  }

  void absorb(int64_t t, int64_t n) {
    const int64_t seen = std::clamp<int64_t>(keys_ - t, 0, n);
    tile::product(p_.d, seen, p_.wide_v(), {k_[t], k_.stride, true}, v_[t], v_.stride, state_,
                  p_.wide_v(), true);
    for (int64_t j = t; j < t + seen; ++j) add_scaled(z_, 1, k_[j], p_.d);
  }

  void emit(int64_t t, int64_t n, bool earlier) {
    const int64_t wide_v = p_.wide_v(), lanes = p_.lanes();
    const int64_t seen = p_.causal ? std::clamp<int64_t>(keys_ - t, 0, n) : 0;
    if (states_ && earlier) std::copy_n(state_, p_.state(), states_ + p_.state_at(t));
    tile::transpose(seen, p_.d, k_[t], k_.stride, kt_, lanes);
    for (int64_t i0 = 0; i0 < n; i0 += kGroup) {
      const int64_t rows = std::min(kGroup, n - i0), limit = std::min(seen, i0 + rows);
      tile::product(rows, p_.d, tile::round_up(limit), {q_[t + i0], q_.stride}, kt_, lanes, score_,
                    lanes, false);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t visible = std::min(limit, i0 + r + 1);
        float* row = score_ + r * lanes;
        std::fill(row + visible, row + tile::round_up(limit), 0.0f);
        denominator_[t + i0 + r] =
            p_.normalise ? p_.epsilon + dot(q_[t + i0 + r], z_, p_.d) + sum(row, visible) : 1;
      }
      tile::product(rows, limit, wide_v, {score_, lanes}, v_[t], v_.stride, sum_, wide_v, false);
      if (earlier)
        tile::product(rows, p_.d, wide_v, {q_[t + i0], q_.stride}, state_, wide_v, sum_, wide_v,
                      true);
      for (int64_t r = 0; r < rows; ++r) {
        const float share = 1 / denominator_[t + i0 + r];
        for (int64_t c = 0; c < p_.dv; ++c)
          y_[(t + i0 + r) * y_stride_ + c] = sum_[r * wide_v + c] * share;
      }
    }
  }

 private:
  Problem p_;
  Rows q_, k_, v_{};
  int64_t keys_;
  float* y_;
  int64_t y_stride_;
  float *denominator_, *states_;
  Scratch scratch_{p_.d * p_.lanes() + p_.state() + p_.padding(0, 1) +
                   kGroup * (p_.lanes() + p_.wide_v())};
  float *kt_ = scratch_.take(p_.d * p_.lanes()), *score_ = scratch_.take(kGroup * p_.lanes()),
        *sum_ = scratch_.take(kGroup * p_.wide_v());
  float *state_ = scratch_.zeros(p_.state()), *z_ = state_ + p_.d * p_.wide_v();
};

// What the reverse step of one head reads, its rows padded to whole registers.
struct Head {
  Rows q, k, v;
  Rows g;          // dy / D of the chunk at hand
  const float* e;  // -<dy, y> / D of the chunk at hand
  int64_t keys;
  const float* states;  // of the forward pass
};

// dq of one head, of any chunk by itself.
class QueryPass {
 public:
  QueryPass(const Problem& p, const Head& head, const GradTarget& dq)
      : p_(p), head_(head), dq_(dq) {}

  void emit(int64_t t, int64_t n, bool earlier) {
    const auto& [q, k, v, g, e, keys, states] = head_;
    const int64_t wide = p_.wide(), wide_v = p_.wide_v(), lanes = p_.lanes();
    const int64_t seen = p_.causal ? std::clamp<int64_t>(keys - t, 0, n) : 0;
    if (earlier) {
      const float* state = states + p_.state_at(t);
      tile::transpose(p_.d, p_.dv, state, wide_v, state_, wide);
      std::copy_n(state + p_.d * wide_v, p_.d, z_);
    } else {
      std::fill_n(z_, wide, 0.0f);
    }
    tile::transpose(seen, p_.dv, v[t], v.stride, vt_, lanes);
    for (int64_t i0 = 0; i0 < n; i0 += kGroup) {
      const int64_t rows = std::min(kGroup, n - i0), limit = std::min(seen, i0 + rows);
      tile::product(rows, p_.dv, tile::round_up(limit), {g[i0], g.stride}, vt_, lanes, weight_,
                    lanes, false);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t visible = std::min(limit, i0 + r + 1);
        float* row = weight_ + r * lanes;
        for (int64_t j = 0; j < visible; ++j) row[j] += e[i0 + r];
        std::fill(row + visible, row + tile::round_up(limit), 0.0f);
        for (int64_t x = 0; x < wide; ++x) sum_[r * wide + x] = e[i0 + r] * z_[x];
      }
      tile::product(rows, limit, wide, {weight_, lanes}, k[t], k.stride, sum_, wide, true);
      if (earlier)
        tile::product(rows, p_.dv, wide, {g[i0], g.stride}, state_, wide, sum_, wide, true);
      put_rows(sum_, wide, rows, p_.d, moved(dq_, (t + i0) * p_.H * p_.d), p_.H * p_.d);
    }
  }

 private:
  Problem p_;
  Head head_;
  GradTarget dq_;
  Scratch scratch_{p_.dv * (p_.lanes() + p_.wide()) + p_.wide() +
                   kGroup * (p_.lanes() + p_.wide())};
  float *vt_ = scratch_.take(p_.dv * p_.lanes()), *weight_ = scratch_.take(kGroup * p_.lanes()),
        *sum_ = scratch_.take(kGroup * p_.wide());
  // The state before the chunk: sums of v_j^T k_j and k_j.
  float *state_ = scratch_.zeros(p_.dv * p_.wide()), *z_ = scratch_.zeros(p_.wide());
};

// dk and dv of one head, downwards.
class KeyPass {
 public:
  KeyPass(const Problem& p, const Head& head, const GradTarget& dk, const GradTarget& dv)
      : p_(p), head_(head), dk_(dk), dv_(dv) {}

  void absorb(int64_t t, int64_t n) {
    const auto& [q, k, v, g, e, keys, states] = head_;
    tile::product(p_.dv, n, p_.wide(), {g[0], g.stride, true}, q[t], q.stride, state_, p_.wide(),
                  true);
    for (int64_t i = 0; i < n; ++i) add_scaled(z_, e[i], q[t + i], p_.d);
  }

  void emit(int64_t t, int64_t n, bool later) {
    const auto& [q, k, v, g, e, keys, states] = head_;
    const int64_t wide = p_.wide(), wide_v = p_.wide_v(), lanes = p_.lanes();
    const int64_t seen = std::clamp<int64_t>(keys - t, 0, n);
    if (later) tile::transpose(p_.dv, p_.d, state_, wide, turned_, wide_v);
    if (p_.causal) {
      tile::transpose(n, p_.d, q[t], q.stride, qt_, lanes);
      tile::transpose(n, p_.dv, g[0], g.stride, gt_, lanes);
    }
    for (int64_t j0 = 0; j0 < seen; j0 += kGroup) {
      const int64_t rows = std::min(kGroup, seen - j0);
      const int64_t later_rows = p_.causal ? n - j0 : 0, wide_i = tile::round_up(later_rows);
      tile::product(rows, p_.d, wide_i, {k[t + j0], k.stride}, qt_ + j0, lanes, score_, lanes,
                    false);
      tile::product(rows, p_.dv, wide_i, {v[t + j0], v.stride}, gt_ + j0, lanes, weight_, lanes,
                    false);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t i = r; i < later_rows; ++i) weight_[r * lanes + i] += e[j0 + i];
        std::fill_n(score_ + r * lanes, std::min(r, later_rows), 0.0f);
        std::fill_n(weight_ + r * lanes, std::min(r, later_rows), 0.0f);
        std::copy_n(z_, wide, sum_k_ + r * wide);
      }
      tile::product(rows, later_rows, wide_v, {score_, lanes}, g[j0], g.stride, sum_v_, wide_v,
                    false);
      tile::product(rows, later_rows, wide, {weight_, lanes}, q[t + j0], q.stride, sum_k_, wide,
                    true);
      if (later) {
        tile::product(rows, p_.d, wide_v, {k[t + j0], k.stride}, turned_, wide_v, sum_v_, wide_v,
                      true);
        tile::product(rows, p_.dv, wide, {v[t + j0], v.stride}, state_, wide, sum_k_, wide, true);
      }
      const int64_t at = t + j0;
      if (dv_.data)
        put_rows(sum_v_, wide_v, rows, p_.dv, moved(dv_, at * p_.H * p_.dv), p_.H * p_.dv);
      if (dk_.data) put_rows(sum_k_, wide, rows, p_.d, moved(dk_, at * p_.H * p_.d), p_.H * p_.d);
    }
  }

 private:
  Problem p_;
  Head head_;
  GradTarget dk_, dv_;
  Scratch scratch_{(p_.d + p_.dv) * p_.lanes() + 2 * kGroup * p_.lanes() +
                   kGroup * (p_.wide() + p_.wide_v()) + p_.dv * p_.wide() + p_.d * p_.wide_v() +
                   p_.wide()};
  float *qt_ = scratch_.take(p_.d * p_.lanes()), *gt_ = scratch_.take(p_.dv * p_.lanes());
  float *score_ = scratch_.take(kGroup * p_.lanes()), *weight_ = scratch_.take(kGroup * p_.lanes());
  float *sum_k_ = scratch_.take(kGroup * p_.wide()), *sum_v_ = scratch_.take(kGroup * p_.wide_v());
  // Sums of g_i^T q_i, its transpose, and of e_i q_i.
  float *state_ = scratch_.zeros(p_.dv * p_.wide()), *turned_ = scratch_.zeros(p_.d * p_.wide_v()),
        *z_ = scratch_.zeros(p_.wide());
};

// All gradients of one head, downwards: q, k, v, y and dy of a chunk are read once.
class ReversePass {
 public:
  struct Inputs {
    Rows q, k, v, y, dy;
    const float *denominator, *states;
    int64_t keys;
    GradTarget dq, dk, dv;
  };

  ReversePass(const Problem& p, const Inputs& in)
      : p_(p),
        in_(in),
        head_{scratch_.padded(in.q, p.T, p.d),
              scratch_.padded(in.k, p.T, p.d),
              scratch_.padded(in.v, p.T, p.dv),
              {g_, p.wide_v()},
              e_,
              in.keys,
              in.states},
        queries_(p, head_, in.dq),
        keys_(p, head_, in.dk, in.dv) {}

  void absorb(int64_t t, int64_t n) {
    load(t, n);
    keys_.absorb(t, n);
  }

  void emit(int64_t t, int64_t n, bool later) {
    load(t, n);
    if (in_.dq.data) queries_.emit(t, n, t > 0 || !p_.causal);
    if (in_.dk.data || in_.dv.data) keys_.emit(t, n, later);
  }

 private:
  // g and e of the chunk.
  void load(int64_t t, int64_t n) {
    if (loaded_ == t) return;
    loaded_ = t;
    for (int64_t i = 0; i < n; ++i) {
      const float share = 1 / in_.denominator[t + i];
      const float *dy = in_.dy[t + i], *y = in_.y[t + i];
      for (int64_t c = 0; c < p_.dv; ++c) g_[i * p_.wide_v() + c] = dy[c] * share;
      e_[i] = p_.normalise ? -share * dot(dy, y, p_.dv) : 0;
    }
  }

  Problem p_;
  Inputs in_;
  Scratch scratch_{p_.chunk * (p_.wide_v() + 1) + p_.padding(2, 1)};
  float *g_ = scratch_.zeros(p_.chunk * p_.wide_v()), *e_ = scratch_.take(p_.chunk);
  int64_t loaded_ = -1;
  Head head_;
  QueryPass queries_;
  KeyPass keys_;
};

// Calls emit for every chunk and absorb for those whose positions later chunks see: as it goes
// along when causal, upwards or downwards, else for all beforehand. The heads of a sequence go
// through it together, a chunk at a time, since their rows lie side by side in memory.
template <class Pass>
void for_chunks(const Problem& p, bool upwards, PooledVector<Pass>& heads) {
  const int64_t chunks = p.chunks();
  const auto size = [&](int64_t c) { return std::min(p.chunk, p.T - c * p.chunk); };
  for (int64_t c = 0; !p.causal && c < chunks; ++c)
    for (Pass& head : heads) head.absorb(c * p.chunk, size(c));
  for (int64_t i = 0; i < chunks; ++i) {
    const int64_t c = upwards ? i : chunks - 1 - i;
    for (Pass& head : heads) {
      head.emit(c * p.chunk, size(c), i > 0 || !p.causal);
      if (p.causal && i + 1 < chunks) head.absorb(c * p.chunk, size(c));
    }
  }
}

}  // namespace longhaul::linear

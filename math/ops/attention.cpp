// Softmax attention in tiles of keys and queries that stay in cache.
//
// Tiles are kept with the axis that the softmax does not run along in the vector registers: the
// forward pass holds S^T = K Q^T with queries as lanes, so that the row maximum and sum need no
// horizontal step and K and V are read where they lie; the reverse step holds S with keys as lanes,
// so that dK and dV stay in cache while the queries pass by. Exponentials are powers of two: log2 e
// is part of the scale.
#include <algorithm>
#include <cmath>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "math/tile.h"

namespace longhaul {
namespace {

using tile::kWidth;
using tile::Vec;

constexpr int kVecs = kWidth == 16 ? 2 : 3;  // registers across a tile
constexpr int64_t kLanes = kVecs * kWidth;
constexpr int64_t kKeys = 64;         // keys that pass a tile of queries at a time (forward)
constexpr int64_t kRows = 64;         // queries that pass a tile of keys at a time (reverse)
constexpr int64_t kTilesPerTask = 4;  // query tiles, when a forward pass is split over threads
constexpr float kLog2E = 1.44269504f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Problem {
  int64_t B, Tq, Tk, H, d, dv;
  float scale;
  bool causal;
  int64_t k_stride() const { return H * d; }
  int64_t v_stride() const { return H * dv; }
  // Where head h of sequence b begins in a [B, T, H * width] array.
  int64_t query(int64_t b, int64_t h) const { return b * Tq * H * d + h * d; }
  int64_t key(int64_t b, int64_t h) const { return b * Tk * H * d + h * d; }
  int64_t value(int64_t b, int64_t h) const { return b * Tk * H * dv + h * dv; }
  int64_t out(int64_t b, int64_t h) const { return b * Tq * H * dv + h * dv; }
};

// Pairs of a query and a key that it sees, over all sequences.
int64_t visible_pairs(const Problem& p, const PooledVector<int64_t>& lengths) {
  int64_t pairs = 0;
  for (int64_t n : lengths) pairs += p.causal ? n * (n + 1) / 2 + (p.Tq - n) * n : p.Tq * n;
  return pairs;
}

// Rows [0, count) of `from` as the columns of to [width, lanes]; the other columns are 0.
void load_columns(const float* from, int64_t stride, int64_t count, int64_t width, float* to,
                  int64_t lanes, float factor) {
  if (count < lanes) std::fill_n(to, width * lanes, 0.0f);
  tile::transpose(count, width, from, stride, to, lanes, factor);
}

// The softmax of kTileVecs registers of queries whose keys come block by block.
template <int kTileVecs>
struct RunningSoftmax {
  Vec top[kTileVecs], total[kTileVecs] = {};
  Vec shrink[kTileVecs];  // what sums over earlier keys are to be multiplied by

  RunningSoftmax() {
    for (Vec& x : top) x = tile::splat(-kInfinity);
  }

  // Turns the scores [n, lanes] of the next keys into weights, relative to the largest score so
  // far.
  void weigh(float* s, int64_t n) {
    Vec highest[kTileVecs];
    for (int i = 0; i < kTileVecs; ++i) highest[i] = top[i];
    for (int64_t j = 0; j < n; ++j)
      for (int i = 0; i < kTileVecs; ++i)
        highest[i] = tile::larger(highest[i], tile::load(s + (j * kTileVecs + i) * kWidth));
    for (int i = 0; i < kTileVecs; ++i) {
      shrink[i] = tile::exp2(top[i] - highest[i]);
      top[i] = highest[i];
      total[i] *= shrink[i];
    }
    for (int64_t j = 0; j < n; ++j)
      for (int i = 0; i < kTileVecs; ++i) {
        float* at = s + (j * kTileVecs + i) * kWidth;
        const Vec weight = tile::exp2(tile::load(at) - highest[i]);
        total[i] += weight;
        tile::store(at, weight);
      }
  }
};

template <int kTileVecs>
void scale_lanes(float* x, int64_t rows, const Vec (&factor)[kTileVecs]) {
  for (int64_t r = 0; r < rows; ++r)
    for (int i = 0; i < kTileVecs; ++i) {
      float* at = x + (r * kTileVecs + i) * kWidth;
      tile::store(at, tile::load(at) * factor[i]);
    }
}

// One tile of `count` queries from q0 on, as kTileVecs registers of lanes: y and the log2-sum-exp2
// of its rows. `work` holds (d + dv + kKeys) * kTileVecs * kWidth floats.
template <int kTileVecs>
void attend(const Problem& p, const float* q, const float* k, const float* v, int64_t keys,
            int64_t q0, int64_t count, float* y, float* lse, float* work) {
  constexpr int64_t lanes = kTileVecs * kWidth;
  const int64_t sk = p.k_stride(), sv = p.v_stride();
  float *qt = work, *yt = qt + p.d * lanes, *s = yt + p.dv * lanes;
  load_columns(q + q0 * sk, sk, count, p.d, qt, lanes, p.scale * kLog2E);
  std::fill_n(yt, p.dv * lanes, 0.0f);
  RunningSoftmax<kTileVecs> softmax;
  const int64_t end = p.causal ? std::min(keys, q0 + count) : keys;
  for (int64_t k0 = 0; k0 < end; k0 += kKeys) {
    const int64_t n = std::min(kKeys, end - k0);
    tile::narrow_product<kTileVecs>(n, p.d, {k + k0 * sk, sk}, qt, lanes, s, lanes, false);
    if (p.causal)  // hide keys after the query
      for (int64_t j = std::max<int64_t>(0, q0 + 1 - k0); j < n; ++j)
        std::fill_n(s + j * lanes, k0 + j - q0, -kInfinity);
    softmax.weigh(s, n);
    if (k0 > 0) scale_lanes<kTileVecs>(yt, p.dv, softmax.shrink);
    tile::narrow_product<kTileVecs>(p.dv, n, {v + k0 * sv, sv, true}, s, lanes, yt, lanes, true);
  }
  alignas(64) float top[lanes], total[lanes];
  Vec share[kTileVecs];
  for (int i = 0; i < kTileVecs; ++i) {
    tile::store(top + i * kWidth, softmax.top[i]);
    tile::store(total + i * kWidth, softmax.total[i]);
    share[i] = softmax.total[i] == 0 ? Vec{} : 1 / softmax.total[i];
  }
  for (int64_t i = 0; i < count; ++i)
    lse[q0 + i] = total[i] == 0 ? 0 : top[i] + std::log2(total[i]);
  scale_lanes<kTileVecs>(yt, p.dv, share);
  tile::transpose(p.dv, count, yt, lanes, y + q0 * sv, sv);
}

void forward(const Problem& p, const float* q, const float* k, const float* v,
             const PooledVector<int64_t>& lengths, float* y, float* lse) {
  const int64_t tiles = (p.Tq + kLanes - 1) / kLanes;
  parallel_for(p.B * p.H * tiles, kTilesPerTask, [&](int64_t begin, int64_t end) {
    const Tensor work = Tensor::empty({(p.d + p.dv + kKeys) * kLanes});
    for (int64_t at = begin; at < end; ++at) {
      const int64_t head = at / tiles, b = head / p.H, h = head % p.H;
      const int64_t q0 = at % tiles * kLanes, count = std::min(kLanes, p.Tq - q0);
      const auto run = count > 2 * kWidth ? attend<kVecs> : count > kWidth ? attend<2> : attend<1>;
      run(p, q + p.query(b, h), k + p.key(b, h), v + p.value(b, h), lengths[b], q0, count,
          y + p.out(b, h), lse + head * p.Tq, work.data());
    }
  });
}

// What the reverse step reads and writes of one head. A target without data is not wanted.
struct Head {
  const float *q, *k, *v, *y, *lse, *dy;
  GradTarget dq, dk, dv;
  int64_t keys;
};

// Buffers of the reverse step of one head; widths are padded to whole registers.
struct Work {
  explicit Work(const Problem& p)
      : wide(tile::round_up(p.d)),
        memory(Tensor::empty(
            {p.Tq * (wide + 1) + (4 * std::max(p.d, p.dv) + wide + 2 * kRows) * kLanes})) {
    float* next = memory.data();
    const auto take = [&](int64_t count) { return std::exchange(next, next + count); };
    dq = take(p.Tq * wide);
    k = take(wide * kLanes);
    kt = take(p.d * kLanes);
    vt = take(p.dv * kLanes);
    dkt = take(p.d * kLanes);
    dvt = take(p.dv * kLanes);
    prob = take(kRows * kLanes);
    ds = take(kRows * kLanes);
    delta = take(p.Tq);
  }
  int64_t wide;
  Tensor memory;
  float* dq;         // [Tq, wide]
  float* k;          // [kLanes, wide], times the scale
  float *kt, *vt;    // [d or dv, kLanes]; keys times scale * log2 e
  float *dkt, *dvt;  // their gradients
  float *prob, *ds;  // [kRows, kLanes]
  float* delta;      // [Tq]: <dy, y>
};

// prob = 2^(s - lse) where the key is visible, else 0; ds = prob * (dprob - delta). In place: prob
// comes as s and ds as dprob. Queries q0 .. q0 + rows of the tile of keys k0 ...
void probabilities(const Problem& p, const Head& head, const Work& w, int64_t k0, int64_t q0,
                   int64_t rows) {
  const tile::Ints lane = tile::lane_numbers();
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t i = q0 + r;
    const auto visible = static_cast<int32_t>(
        std::min(kLanes, (p.causal ? std::min(head.keys, i + 1) : head.keys) - k0));
    for (int x = 0; x < kVecs; ++x) {
      float *prob = w.prob + r * kLanes + x * kWidth, *ds = w.ds + r * kLanes + x * kWidth;
      Vec e = tile::exp2(tile::load(prob) - head.lse[i]);
      e = lane + x * kWidth < visible ? e : Vec{};
      tile::store(prob, e);
      tile::store(ds, e * (tile::load(ds) - w.delta[i]));
    }
  }
}

// to [rows, width] (+)= factor * from^T.
void store_columns(const float* from, int64_t rows, int64_t width, const GradTarget& to, int64_t at,
                   int64_t stride, float factor) {
  if (to.data)
    tile::transpose(width, rows, from, kLanes, to.data + at, stride, factor, to.accumulate);
}

void zero_rows(const GradTarget& to, int64_t from, int64_t rows, int64_t width, int64_t stride) {
  if (to.data && !to.accumulate)
    for (int64_t t = from; t < rows; ++t) std::fill_n(to.data + t * stride, width, 0.0f);
}

void reverse_head(const Problem& p, const Head& head, const Work& w) {
  const int64_t sq = p.k_stride(), sv = p.v_stride();
  zero_rows(head.dv, head.keys, p.Tk, p.dv, sv);
  zero_rows(head.dk, head.keys, p.Tk, p.d, sq);
  std::fill_n(w.dq, p.Tq * w.wide, 0.0f);
  std::fill_n(w.k, kLanes * w.wide, 0.0f);
  for (int64_t i = 0; i < p.Tq; ++i) {
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t c = 0; c < p.dv; ++c) dot += head.dy[i * sv + c] * head.y[i * sv + c];
    w.delta[i] = dot;
  }
  for (int64_t k0 = 0; k0 < head.keys; k0 += kLanes) {
    const int64_t count = std::min(kLanes, head.keys - k0);
    load_columns(head.k + k0 * sq, sq, count, p.d, w.kt, kLanes, p.scale * kLog2E);
    load_columns(head.v + k0 * sv, sv, count, p.dv, w.vt, kLanes, 1);
    for (int64_t j = 0; j < kLanes; ++j)
      for (int64_t c = 0; c < p.d; ++c)
        w.k[j * w.wide + c] = j < count ? p.scale * head.k[(k0 + j) * sq + c] : 0;
    for (int64_t q0 = p.causal ? k0 : 0, first = q0; q0 < p.Tq; q0 += kRows) {
      const int64_t rows = std::min(kRows, p.Tq - q0);
      const float *q = head.q + q0 * sq, *dy = head.dy + q0 * sv;
      tile::narrow_product<kVecs>(rows, p.d, {q, sq}, w.kt, kLanes, w.prob, kLanes, false);
      tile::narrow_product<kVecs>(rows, p.dv, {dy, sv}, w.vt, kLanes, w.ds, kLanes, false);
      probabilities(p, head, w, k0, q0, rows);
      tile::narrow_product<kVecs>(p.dv, rows, {dy, sv, true}, w.prob, kLanes, w.dvt, kLanes,
                                  q0 != first);
      tile::narrow_product<kVecs>(p.d, rows, {q, sq, true}, w.ds, kLanes, w.dkt, kLanes,
                                  q0 != first);
      tile::product(rows, count, w.wide, {w.ds, kLanes}, w.k, w.wide, w.dq + q0 * w.wide, w.wide,
                    true);
    }
    store_columns(w.dvt, count, p.dv, head.dv, k0 * sv, sv, 1);
    store_columns(w.dkt, count, p.d, head.dk, k0 * sq, sq, p.scale);
  }
  if (!head.dq.data) return;
  for (int64_t i = 0; i < p.Tq; ++i) {
    float* to = head.dq.data + i * sq;
    const float* from = w.dq + i * w.wide;
    for (int64_t c = 0; c < p.d; ++c) to[c] = head.dq.accumulate ? to[c] + from[c] : from[c];
  }
}

GradTarget target_of(const Tensor& x) {
  return x.needs_grad() ? x.grad_target() : GradTarget{nullptr, false};
}

GradTarget moved(const GradTarget& target, int64_t by) {
  return {target.data ? target.data + by : nullptr, target.accumulate};
}

Problem check(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
              const AttentionSpec& spec) {
  const int64_t H = spec.heads;
  const bool fits = q.rank() == 3 && k.rank() == 3 && v.rank() == 3 && H > 0 &&
                    k.dim(0) == q.dim(0) && v.dim(0) == q.dim(0) && k.dim(2) == q.dim(2) &&
                    v.dim(1) == k.dim(1) && q.dim(2) % H == 0 && v.dim(2) % H == 0;
  require(fits, "attention: q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(), " with ", H,
          " heads; expected [B, Tq, H d], [B, Tk, H d], [B, Tk, H dv]");
  require(!spec.causal || q.dim(1) == k.dim(1), "attention: causal with ", q.dim(1),
          " queries and ", k.dim(1), " keys");
  require(static_cast<int64_t>(lengths.size()) == q.dim(0), "attention: ", lengths.size(),
          " lengths for a batch of ", q.dim(0));
  for (int64_t length : lengths)
    require(0 <= length && length <= k.dim(1), "attention: length ", length, " of ", k.dim(1),
            " keys");
  const int64_t d = q.dim(2) / H;
  const float scale =
      spec.scale != 0 ? spec.scale : 1 / std::sqrt(static_cast<float>(std::max<int64_t>(d, 1)));
  return {q.dim(0), q.dim(1), k.dim(1), H, d, v.dim(2) / H, scale, spec.causal};
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
                 const AttentionSpec& spec) {
  const Problem p = check(q, k, v, lengths, spec);
  const PooledVector<int64_t> keys = pooled(lengths);
  Tensor y = Tensor::empty({p.B, p.Tq, p.v_stride()});
  Tensor lse = Tensor::empty({p.B, p.H, p.Tq});
  count_flops(2 * visible_pairs(p, keys) * p.H * (p.d + p.dv));
  forward(p, q.data(), k.data(), v.data(), keys, y.data(), lse.data());
  // With P = softmax(S), dP = dY V^T and delta_i = <dy_i, y_i>:
  // dV += P^T dY;  dS = P (dP - delta);  dQ += scale dS K;  dK += scale dS^T Q
  record(y, {q, k, v}, [=] {
    count_flops(4 * visible_pairs(p, keys) * p.H * (p.d + p.dv));
    const float* dy = y.grad();
    // In the order in which a head writes them, so that q, k and v may be one tensor.
    const GradTarget dv = target_of(v), dk = target_of(k), dq = target_of(q);
    parallel_for(p.B * p.H, 1, [&](int64_t begin, int64_t end) {
      const Work work(p);
      for (int64_t at = begin; at < end; ++at) {
        const int64_t b = at / p.H, h = at % p.H;
        const Head head{q.data() + p.query(b, h), k.data() + p.key(b, h), v.data() + p.value(b, h),
                        y.data() + p.out(b, h),   lse.data() + at * p.Tq, dy + p.out(b, h),
                        moved(dq, p.query(b, h)), moved(dk, p.key(b, h)), moved(dv, p.value(b, h)),
                        p.Tq > 0 ? keys[b] : 0};
        reverse_head(p, head, work);
      }
    });
  });
  return y;
}

}  // namespace longhaul

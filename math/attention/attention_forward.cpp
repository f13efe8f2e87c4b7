// The forward pass holds S^T = K Q^T with queries as lanes, so that the row maximum and sum need no
// horizontal step and K and V are read where they lie.
#include "math/attention/attention_forward.h"

#include <array>
#include <cmath>
#include <limits>

#include "longhaul/elementary.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"

namespace longhaul::tiled {
namespace {

using tile::kWidth;
using tile::Vec;

constexpr int64_t kKeys = 64;         // keys that pass a tile of queries at a time
constexpr int64_t kTilesPerTask = 4;  // query tiles, when the pass is split over threads
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLowest = -1e30f;  // below every score, and finite: a query may see no key

// The softmax of kTileVecs registers of queries whose keys come block by block.
template <int kTileVecs>
struct RunningSoftmax {
  Vec top[kTileVecs], total[kTileVecs] = {};
  Vec shrink[kTileVecs];  // what sums over earlier keys are to be multiplied by

  RunningSoftmax() {
    for (Vec& x : top) x = tile::splat(kLowest);
  }

  // Turns the scores [n, lanes] of the next keys into weights, relative to the largest score so
  // far. Scores come multiplied by log2 e, so that exp2 of one is e to the score.
  void weigh(float* s, int64_t n) {
    Vec highest[kTileVecs], sum[kTileVecs];  // in registers: the stores to s might change members
    for (int i = 0; i < kTileVecs; ++i) highest[i] = top[i];
    for (int64_t j = 0; j < n; ++j)
      for (int i = 0; i < kTileVecs; ++i)
        highest[i] = tile::larger(highest[i], tile::load(s + (j * kTileVecs + i) * kWidth));
    for (int i = 0; i < kTileVecs; ++i) {
      shrink[i] = tile::exp2(top[i] - highest[i]);
      top[i] = highest[i];
      sum[i] = total[i] * shrink[i];
    }
    for (int64_t j = 0; j < n; ++j)
      for (int i = 0; i < kTileVecs; ++i) {
        float* at = s + (j * kTileVecs + i) * kWidth;
        const Vec weight = tile::exp2(tile::load(at) - highest[i]);
        sum[i] += weight;
        tile::store(at, weight);
      }
    for (int i = 0; i < kTileVecs; ++i) total[i] = sum[i];
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

// Below, s [n, lanes] are scores of keys 0 .. n; the query of lane l stands l + ahead after key 0.

void hide(const Band& band, int64_t ahead, int64_t n, int64_t lanes, float* s) {
  for (int64_t j = std::max<int64_t>(0, ahead - band.from + 1); j < n; ++j)  // too near, or later
    std::fill_n(s + j * lanes, std::min(lanes, j + band.from - ahead), -kInfinity);
  for (int64_t j = 0; j < std::min(n, ahead + lanes - band.to); ++j)  // too far
    std::fill(s + j * lanes + std::max<int64_t>(0, j + band.to - ahead), s + (j + 1) * lanes,
              -kInfinity);
}

template <int kTileVecs>
void add_bias(const float* bias, int64_t ahead, int64_t n, float* s) {
  for (int64_t j = 0; j < n; ++j)
    for (int i = 0; i < kTileVecs; ++i) {
      float* at = s + (j * kTileVecs + i) * kWidth;
      tile::store(at, tile::load(at) + tile::load(bias + ahead - j + i * kWidth));
    }
}

// The keys stand after each other in `fade`; the queries' own part is left to close().
template <int kTileVecs>
void add_fade(const double* fade, double origin, int64_t n, float* s) {
  for (int64_t j = 0; j < n; ++j) {
    const Vec dimmed = tile::splat(static_cast<float>(origin - fade[j]));
    for (int i = 0; i < kTileVecs; ++i) {
      float* at = s + (j * kTileVecs + i) * kWidth;
      tile::store(at, tile::load(at) + dimmed);
    }
  }
}

struct Head {
  std::array<Scores, 2> scores;  // near, far
  const float *v, *bias;
  const double* fade;
  const float* sink;
  int64_t keys;
  float *y, *lse;
};

// What a tile of queries holds while the keys pass, as kTileVecs registers of lanes.
template <int kTileVecs>
struct QueryTile {
  static constexpr int64_t lanes = kTileVecs * kWidth;
  int64_t q0, count;
  float *qt, *yt, *s;  // [d, lanes], [dv, lanes], [kKeys, lanes]
  RunningSoftmax<kTileVecs> softmax = {};
  bool fresh = true;  // no key has passed
};

template <int kTileVecs>
void pass_keys(const Problem& p, const Head& head, const Scores& scores,
               QueryTile<kTileVecs>& tile) {
  constexpr int64_t lanes = QueryTile<kTileVecs>::lanes;
  const int64_t sq = p.q_stride(), sk = p.k_stride(), sv = p.v_stride(), q0 = tile.q0;
  float* s = tile.s;
  const auto [begin, end] = p.keys_of(q0, tile.count, scores.band, head.keys);
  if (begin >= end) return;
  load_columns(scores.q + q0 * sq, sq, tile.count, p.d, tile.qt, lanes, p.scale * kLog2E);
  for (int64_t k0 = begin; k0 < end; k0 += kKeys) {
    const int64_t n = std::min(kKeys, end - k0), ahead = p.first + q0 - k0;
    const float *k = scores.k + k0 * sk, *v = head.v + k0 * sv;
    tile::narrow_product<kTileVecs>(n, p.d, {k, sk}, tile.qt, lanes, s, lanes, false);
    if (head.bias) add_bias<kTileVecs>(head.bias, ahead, n, s);
    if (head.fade) add_fade<kTileVecs>(head.fade + k0, head.fade[p.first + q0], n, s);
    hide(scores.band, ahead, n, lanes, s);
    tile.softmax.weigh(s, n);
    if (!tile.fresh) scale_lanes<kTileVecs>(tile.yt, p.dv, tile.softmax.shrink);
    tile::narrow_product<kTileVecs>(p.dv, n, {v, sv, true}, s, lanes, tile.yt, lanes, true);
    tile.fresh = false;
  }
}

// Fading and the sink, where a row of scores ends. Scores of query q0 + i lack `own`, what fades
// between q0 and it. Takes the largest score and the sum of weights relative to it, gives the
// log2-sum-exp2 of the row, and by what its values are to be multiplied.
float close(const Problem& p, const Head& head, int64_t q0, int64_t i, float top, float total,
            float& share) {
  const double own = head.fade ? head.fade[p.first + q0 + i] - head.fade[p.first + q0] : 0;
  const float sink = head.sink ? static_cast<float>(double{kLog2E * *head.sink} - own) : -kInfinity;
  const float highest = std::max(top, sink);
  const float kept = elementary::exp2(top - highest);
  const float sum = total * kept + elementary::exp2(sink - highest);
  share = sum == 0 ? 0 : kept / sum;
  return sum == 0 ? 0 : static_cast<float>(double{highest + elementary::log2(sum)} + own);
}

// `count` queries from q0 on: y and the log2-sum-exp2 of its rows. `work` holds
// (d + dv + kKeys) * kTileVecs * kWidth floats.
template <int kTileVecs>
void attend(const Problem& p, const Head& head, int64_t q0, int64_t count, float* work) {
  constexpr int64_t lanes = kTileVecs * kWidth;
  float *qt = work, *yt = qt + p.d * lanes, *s = yt + p.dv * lanes;
  QueryTile<kTileVecs> tile{q0, count, qt, yt, s};
  std::fill_n(yt, p.dv * lanes, 0.0f);
  for (const Scores& scores : head.scores) pass_keys(p, head, scores, tile);
  alignas(64) float top[lanes], total[lanes];
  Vec share[kTileVecs];
  for (int i = 0; i < kTileVecs; ++i) {
    const Vec sum = tile.softmax.total[i];
    tile::store(top + i * kWidth, tile.softmax.top[i]);
    tile::store(total + i * kWidth, sum);
    share[i] = sum == 0 ? Vec{} : 1 / sum;
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i)
    head.lse[q0 + i] =
        vmath::select(total[i] == 0, 0.0f, std::fma(kLog2E, vmath::log(total[i]), top[i]));
  if (head.fade || head.sink) {
    alignas(64) float shares[lanes] = {};
    for (int64_t i = 0; i < count; ++i)
      head.lse[q0 + i] = close(p, head, q0, i, top[i], total[i], shares[i]);
    for (int i = 0; i < kTileVecs; ++i) share[i] = tile::load(shares + i * kWidth);
  }
  scale_lanes<kTileVecs>(yt, p.dv, share);
  tile::transpose(p.dv, count, yt, lanes, head.y + q0 * p.y_stride(), p.y_stride());
}

}  // namespace

void forward(const Problem& p, const Inputs& in, float* y, float* lse) {
  const Tensor &far_q = in.far_q.defined() ? in.far_q : in.q,
               &far_k = in.far_k.defined() ? in.far_k : in.k;
  const int64_t tiles = (p.Tq + kLanes - 1) / kLanes;
  parallel_for(p.B * p.H * tiles, kTilesPerTask, [&](int64_t begin, int64_t end) {
    const Tensor work = Tensor::empty({(p.d + p.dv + kKeys) * kLanes});
    for (int64_t at = begin; at < end; ++at) {
      const int64_t row = at / tiles, b = row / p.H, h = row % p.H;
      const int64_t q0 = at % tiles * kLanes, count = std::min(kLanes, p.Tq - q0);
      const Head head{{{{in.q.data() + p.query(b, h), in.k.data() + p.key(b, h), p.near},
                        {far_q.data() + p.query(b, h), far_k.data() + p.key(b, h), p.far}}},
                      in.v.data() + p.value(b, h),
                      in.bias_at(p, h),
                      in.fade_at(p, row),
                      in.sink.defined() ? in.sink.data() + h : nullptr,
                      in.keys[b],
                      y + p.out(b, h),
                      lse + row * p.Tq};
      const auto run = count > kLanes / 2   ? attend<kVecs>
                       : count > kLanes / 4 ? attend<(kVecs + 1) / 2>
                                            : attend<(kVecs + 3) / 4>;
      run(p, head, q0, count, work.data());
    }
  });
}

}  // namespace longhaul::tiled

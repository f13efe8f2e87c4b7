// The reverse pass holds S with keys as lanes, so that dK and dV stay in cache while the queries
// pass by. With P = softmax(S), dP = dY V^T and delta_i = <dy_i, y_i>:
//   dV += P^T dY;  dS = P (dP - delta);  dQ += scale dS K;  dK += scale dS^T Q;  dbias += dS
// A row of dS adds up to 0, or beside a sink of share p to delta p, which the sink loses.
#include "math/attention/attention_reverse.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "longhaul/elementary.h"
#include "math/gradient.h"
#include "math/kernels/fold.h"
#include "math/parallel.h"

namespace longhaul::tiled {
namespace {

using tile::kWidth;
using tile::Vec;

constexpr int64_t kRows = 64;  // queries that pass a tile of keys at a time

// What the reverse step reads and writes of one head. A target without data is not wanted.
struct Head {
  struct Part {
    Scores scores;
    GradTarget dq, dk;
  };
  std::array<Part, 2> parts;  // near, far
  const float *v, *y, *lse, *dy, *bias;
  GradTarget dv;
  float* dbias;  // at distance 0, by key - query
  int64_t keys;
  const double* fade;
  const float* sink;
  double* dfade;
  float* dsink;
};

// Fading of a tile of keys from k0 on, relative to its first one.
struct FadingKeys {
  FadingKeys(const double* fade, int64_t count) : origin(fade[0]) {
    for (int64_t j = 0; j < count; ++j) keys[j] = static_cast<float>(fade[j] - origin);
  }
  double origin;
  alignas(64) float keys[kLanes] = {};
  Vec change[kVecs] = {};  // of the scores of each key, summed over queries
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
template <bool kBias, bool kFade>
void probabilities(const Problem& p, const Head& head, const Band& band, const Work& w, int64_t k0,
                   int64_t q0, int64_t rows, FadingKeys* fading) {
  const tile::Ints lane = tile::lane_numbers();
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t i = q0 + r, ahead = p.first + i - k0;  // of the first key
    const int64_t begin = std::max<int64_t>(0, ahead - band.to + 1);
    const int64_t end = std::min({kLanes, head.keys - k0, ahead - band.from + 1});
    const auto skipped = static_cast<int32_t>(std::min(begin, kLanes));
    const auto seen = static_cast<uint32_t>(std::max<int64_t>(0, end - begin));
    for (int x = 0; x < kVecs; ++x) {
      float *prob = w.prob + r * kLanes + x * kWidth, *ds = w.ds + r * kLanes + x * kWidth;
      Vec s = tile::load(prob);
      if constexpr (kBias) s += tile::load(head.bias + x * kWidth - ahead);
      if constexpr (kFade)
        s += static_cast<float>(head.fade[p.first + i] - fading->origin) -
             tile::load(fading->keys + x * kWidth);
      const auto visible = reinterpret_cast<tile::Bits>(lane + (x * kWidth - skipped)) < seen;
      const Vec e = visible ? tile::exp2(s - head.lse[i]) : Vec{};
      const Vec change = e * (tile::load(ds) - w.delta[i]);
      tile::store(prob, e);
      tile::store(ds, change);
      if constexpr (kFade) fading->change[x] += change;
      if constexpr (kBias)
        if (head.dbias) {
          float* sum = head.dbias + x * kWidth - ahead;
          tile::store(sum, tile::load(sum) + change);
        }
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

// Leaves in w.dkt and w.dvt what the queries give to the `count` keys from k0 on, and adds to w.dq.
void pass_queries(const Problem& p, const Head& head, const Scores& scores, const Work& w,
                  int64_t k0, int64_t count) {
  const int64_t sq = p.q_stride(), sy = p.y_stride();
  const auto [begin, end] = p.queries_of(k0, count, scores.band);
  if (begin >= end) {
    std::fill_n(w.dkt, p.d * kLanes, 0.0f);
    std::fill_n(w.dvt, p.dv * kLanes, 0.0f);
  }
  std::optional<FadingKeys> fading;
  if (head.fade) fading.emplace(head.fade + k0, count);
  const auto weigh = fading ? (head.bias ? probabilities<true, true> : probabilities<false, true>)
                     : head.bias ? probabilities<true, false>
                                 : probabilities<false, false>;
  for (int64_t q0 = begin; q0 < end; q0 += kRows) {
    const int64_t rows = std::min(kRows, end - q0);
    const float *q = scores.q + q0 * sq, *dy = head.dy + q0 * sy;
    tile::narrow_product<kVecs>(rows, p.d, {q, sq}, w.kt, kLanes, w.prob, kLanes, false);
    tile::narrow_product<kVecs>(rows, p.dv, {dy, sy}, w.vt, kLanes, w.ds, kLanes, false);
    weigh(p, head, scores.band, w, k0, q0, rows, fading ? &*fading : nullptr);
    tile::narrow_product<kVecs>(p.dv, rows, {dy, sy, true}, w.prob, kLanes, w.dvt, kLanes,
                                q0 != begin);
    tile::narrow_product<kVecs>(p.d, rows, {q, sq, true}, w.ds, kLanes, w.dkt, kLanes, q0 != begin);
    tile::product(rows, count, w.wide, {w.ds, kLanes}, w.k, w.wide, w.dq + q0 * w.wide, w.wide,
                  true);
  }
  for (int64_t j = 0; head.dfade && j < count; ++j)
    head.dfade[k0 + j] -= double{fading->change[j / kWidth][j % kWidth]};
}

void reverse_part(const Problem& p, const Head& head, const Head::Part& part, const GradTarget& dv,
                  const Work& w) {
  const int64_t sq = p.q_stride(), sk = p.k_stride(), sv = p.v_stride();
  zero_rows(dv, head.keys, p.Tk, p.dv, sv);
  zero_rows(part.dk, head.keys, p.Tk, p.d, sk);
  std::fill_n(w.dq, p.Tq * w.wide, 0.0f);
  std::fill_n(w.k, kLanes * w.wide, 0.0f);
  for (int64_t k0 = 0; k0 < head.keys; k0 += kLanes) {
    const int64_t count = std::min(kLanes, head.keys - k0);
    const float* k = part.scores.k + k0 * sk;
    load_columns(k, sk, count, p.d, w.kt, kLanes, p.scale * kLog2E);
    load_columns(head.v + k0 * sv, sv, count, p.dv, w.vt, kLanes, 1);
    for (int64_t j = 0; j < kLanes; ++j)
      for (int64_t c = 0; c < p.d; ++c)
        w.k[j * w.wide + c] = j < count ? p.scale * k[j * sk + c] : 0;
    pass_queries(p, head, part.scores, w, k0, count);
    store_columns(w.dvt, count, p.dv, dv, k0 * sv, sv, 1);
    store_columns(w.dkt, count, p.d, part.dk, k0 * sk, sk, p.scale);
  }
  if (!part.dq.data) return;
  for (int64_t i = 0; i < p.Tq; ++i) {
    float* to = part.dq.data + i * sq;
    const float* from = w.dq + i * w.wide;
    for (int64_t c = 0; c < p.d; ++c) to[c] = part.dq.accumulate ? to[c] + from[c] : from[c];
  }
}

void reverse_head(const Problem& p, const Head& head, bool far, const Work& w) {
  const int64_t sy = p.y_stride();
  for (int64_t i = 0; i < p.Tq; ++i) {
    w.delta[i] = dot(head.dy + i * sy, head.y + i * sy, p.dv);
    if (!head.sink) continue;
    const float lost = w.delta[i] * elementary::exp2(kLog2E * *head.sink - head.lse[i]);
    if (head.dsink) *head.dsink -= lost;
    if (head.dfade) head.dfade[p.first + i] += double{lost};
  }
  reverse_part(p, head, head.parts[0], head.dv, w);
  if (far) reverse_part(p, head, head.parts[1], {head.dv.data, true}, w);
}

// The target of a head; `again` if an earlier head has written to it.
GradTarget moved(const GradTarget& target, int64_t by, bool again = false) {
  return {target.data ? target.data + by : nullptr, target.accumulate || again};
}

}  // namespace

void reverse(const Problem& p, const Inputs& in, const Tensor& y, const Tensor& lse,
             SharedGradients& d) {
  const bool far = in.far_q.defined();
  const Tensor &far_q = far ? in.far_q : in.q, &far_k = far ? in.far_k : in.k;
  const float* dy = y.grad();
  // In the order in which a head writes them, so that several of the inputs may be one tensor.
  const GradTarget dv = target_of(in.v), dk = target_of(in.k), dq = target_of(in.q);
  const GradTarget far_dk = target_of(in.far_k), far_dq = target_of(in.far_q);
  const int64_t group = p.H / p.G;
  parallel_for(p.B * p.G, 1, [&](int64_t begin, int64_t end) {
    const Work work(p);
    for (int64_t row = begin * group; row < end * group; ++row) {
      const int64_t b = row / p.H, h = row % p.H, query = p.query(b, h), key = p.key(b, h);
      const bool again = h % group > 0;
      const Head head{
          {{{{in.q.data() + query, in.k.data() + key, p.near},
             moved(dq, query),
             moved(dk, key, again)},
            {{far_q.data() + query, far_k.data() + key, p.far},
             moved(far_dq, query),
             moved(far_dk, key, again)}}},
          in.v.data() + p.value(b, h),
          y.data() + p.out(b, h),
          lse.data() + row * p.Tq,
          dy + p.out(b, h),
          in.bias_at(p, h),
          moved(dv, p.value(b, h), again),
          d.bias.defined() ? d.bias.data() + row * p.bias_width() + p.bias_middle() : nullptr,
          p.Tq > 0 ? in.keys[b] : 0,
          in.fade_at(p, row),
          in.sink.defined() ? in.sink.data() + h : nullptr,
          d.fade.empty() ? nullptr : d.fade.data() + row * p.Tk,
          d.sink.defined() ? d.sink.data() + row : nullptr};
      reverse_head(p, head, far, work);
    }
  });
}

}  // namespace longhaul::tiled

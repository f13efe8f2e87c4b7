#pragma once

#include <algorithm>
#include <cstdint>

#include "longhaul/tensor.h"
#include "math/kernels/tile.h"
#include "math/memory.h"

// What the two passes of the tiled attention share. Exponentials are powers of two: log2 e is part
// of the scale and of the bias.
namespace longhaul::tiled {

// Queries or keys of a tile, the same on every machine: where a tile begins says which pairs are
// summed together.
constexpr int64_t kLanes = 32;
constexpr int kVecs = kLanes / tile::kWidth;  // registers across a tile
constexpr float kLog2E = 1.44269504f;
constexpr int64_t kAnyDistance = int64_t{1} << 40;  // beyond every sequence

// The distances position(query) - position(key) at which a pair counts: from <= distance < to.
struct Band {
  int64_t from, to;
};

// Consecutive positions [begin, end); none if end <= begin.
struct Span {
  int64_t begin, end;
};

struct Problem {
  int64_t B, Tq, Tk;
  int64_t H, G;  // heads of queries, and of keys and values; G divides H
  int64_t d, dv;
  float scale;
  int64_t first;      // position of query 0 among the keys
  Band near, far;     // which scores count: those of q and k, and those of far_q and far_k
  int64_t distances;  // extent of the bias table, 0 without one

  int64_t q_stride() const { return H * d; }
  int64_t k_stride() const { return G * d; }
  int64_t v_stride() const { return G * dv; }
  int64_t y_stride() const { return H * dv; }
  // Where head h of sequence b begins.
  int64_t query(int64_t b, int64_t h) const { return b * Tq * H * d + h * d; }
  int64_t out(int64_t b, int64_t h) const { return b * Tq * H * dv + h * dv; }
  int64_t key(int64_t b, int64_t h) const { return b * Tk * G * d + h / (H / G) * d; }
  int64_t value(int64_t b, int64_t h) const { return b * Tk * G * dv + h / (H / G) * dv; }

  // The keys of [0, keys) that some query of [q0, q0 + count) sees, and the reverse.
  Span keys_of(int64_t q0, int64_t count, const Band& band, int64_t keys) const {
    return {std::max<int64_t>(0, first + q0 - band.to + 1),
            std::min(keys, first + q0 + count - band.from)};
  }
  Span queries_of(int64_t k0, int64_t count, const Band& band) const {
    return {std::max<int64_t>(0, k0 + band.from - first),
            std::min(Tq, k0 + count - 1 + band.to - first)};
  }

  // A bias by distance is spread out to both sides of distance 0, [H, bias_width()], so that a
  // register of neighbours is one load; a tile may reach past its end.
  int64_t bias_middle() const { return distances + kLanes; }
  int64_t bias_width() const { return 2 * bias_middle(); }
};

// Scores of one kind: queries and keys of one head, and the distances at which they count.
struct Scores {
  const float *q, *k;
  Band band;
};

// Rows [0, count) of `from` as the columns of to [width, lanes]; the other columns are 0.
inline void load_columns(const float* from, int64_t stride, int64_t count, int64_t width, float* to,
                         int64_t lanes, float factor) {
  if (count < lanes) std::fill_n(to, width * lanes, 0.0f);
  tile::transpose(count, width, from, stride, to, lanes, factor);
}

// Inputs of both passes. `bias` is spread out, or undefined; far_q and far_k are undefined if all
// scores are those of q and k.
struct Inputs {
  Tensor q, k, v, far_q, far_k, bias;
  PooledVector<int64_t> keys;  // seen of each sequence
  // [B, H, Tk] or empty: sums of log_forget, times log2 e, in double, since scores take differences
  // of them; query i and key j have fade[first + i] - fade[j].
  PooledVector<double> fade;
  Tensor sink;                                                  // [H] or undefined
  const double* fade_at(const Problem& p, int64_t row) const {  // of row = b H + h
    return fade.empty() ? nullptr : fade.data() + row * p.Tk;
  }
  const float* bias_at(const Problem& p, int64_t h) const {  // of head h at distance 0
    return bias.defined() ? bias.data() + h * p.bias_width() + p.bias_middle() : nullptr;
  }
};

}  // namespace longhaul::tiled

#pragma once

#include <algorithm>
#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"

// What models with a matrix of states in each head share (mamba2, kda, delta_product, hgrn2, rwkv7,
// mlstm): rows of heads, how decays start, one step of decoding. d is a head's width of keys, dv of
// values.
namespace longhaul::state_heads {

// Heads that cut `channels`, and groups of heads that share keys and queries.
struct HeadGroups {
  int64_t heads = 1, groups = 1;

  // Of the options heads and groups; notes a problem and takes 1 where they do not cut evenly.
  static HeadGroups read(Options& options, int64_t channels) {
    HeadGroups cut;
    cut.heads = options.integer("heads", 4, "heads; they divide expand * d_model", 1);
    cut.groups =
        options.integer("groups", 1, "groups of heads that share B and C; they divide heads", 1);
    if (channels % cut.heads != 0) {
      options.problem(
          "heads", text(cut.heads, " heads do not cut ", channels, " channels into equal parts"));
      cut.heads = 1;
    }
    if (cut.heads % cut.groups != 0) {
      options.problem(
          "groups", text(cut.groups, " groups do not cut ", cut.heads, " heads into equal parts"));
      cut.groups = 1;
    }
    return cut;
  }
};

// x [..., H d] -> [..., H, d].
inline Tensor cut(const Tensor& x, int64_t heads) {
  Shape shape = x.shape();
  shape[shape.rank() - 1] /= heads;
  Shape cut;
  for (int i = 0; i + 1 < shape.rank(); ++i) cut.append(shape[i]);
  cut.append(heads);
  cut.append(shape[shape.rank() - 1]);
  return reshape(x, cut);
}

// u / sqrt(|u|^2 + epsilon) in each head.
inline Tensor unit(const Tensor& u, int64_t heads, float epsilon = 1e-6f) {
  const int64_t d = u.dim(-1) / heads;
  const auto width = static_cast<float>(std::max<int64_t>(d, 1));
  return reshape(rms_norm(cut(u, heads), Tensor({d}, 1 / std::sqrt(width)), epsilon / width),
                 u.shape());
}

// Each value of x [..., H] times a head of y [..., H d].
inline Tensor weigh(const Tensor& x, const Tensor& y, int64_t heads) {
  return reshape(cut(x, heads) * cut(y, heads), y.shape());
}

// log of values uniform in [low, high): as A_log of Mamba-2.
inline Init log_uniform(double low, double high) {
  return [=](Tensor& values, Rng& rng) {
    for (int64_t i = 0; i < values.size(); ++i)
      values.data()[i] = static_cast<float>(elementary::log(rng.uniform(low, high)));
  };
}

// Layer norm within each head, without gain and bias.
inline Tensor centred(const Tensor& y, int64_t heads, float epsilon) {
  const Tensor gain({y.dim(-1) / heads}, 1.0f);
  return reshape(layer_norm(cut(y, heads), gain, {}, epsilon), y.shape());
}

// One position of every sequence: rows [B, H d] or [B, H dv].
inline Tensor row(const Tensor& x, int64_t heads) {
  return reshape(x, {x.dim(0), heads, 1, x.dim(-1) / heads});
}
inline Tensor column(const Tensor& x, int64_t heads) {
  return reshape(x, {x.dim(0), heads, x.dim(-1) / heads, 1});
}
// q S of S [B, H, d, dv] -> [B, H dv].
inline Tensor read(const Tensor& q, const Tensor& S, int64_t heads) {
  return reshape(matmul(row(q, heads), S), {q.dim(0), heads * S.dim(-1)});
}
// S + k^T v.
inline Tensor written(const Tensor& S, const Tensor& k, const Tensor& v, int64_t heads) {
  return S + column(k, heads) * row(v, heads);
}

}  // namespace longhaul::state_heads

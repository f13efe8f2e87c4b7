// Softmax attention in tiles of keys and queries that stay in cache: what a call asks for, checked
// and put as bands of distances. The two passes are in attention_forward.cpp and
// attention_reverse.cpp.
#include <cmath>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/attention/attention_forward.h"
#include "math/attention/attention_reverse.h"
#include "math/attention/attention_tiles.h"

namespace longhaul {
namespace {

using tiled::Band;
using tiled::Problem;

// Pairs of a query and a key that it sees, over all sequences.
int64_t visible_pairs(const Problem& p, const PooledVector<int64_t>& lengths) {
  int64_t pairs = 0;
  for (int64_t n : lengths)
    for (int64_t i = 0; i < p.Tq; ++i)
      for (const Band& band : {p.near, p.far}) {
        const auto [begin, end] = p.keys_of(i, 1, band, n);
        pairs += std::max<int64_t>(0, end - begin);
      }
  return pairs;
}

void check_shapes(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
                  const AttentionSpec& spec) {
  const int64_t H = spec.heads, G = spec.kv_heads ? spec.kv_heads : H;
  const bool fits = q.rank() == 3 && k.rank() == 3 && v.rank() == 3 && H > 0 && G > 0 &&
                    H % G == 0 && k.dim(0) == q.dim(0) && v.dim(0) == q.dim(0) &&
                    v.dim(1) == k.dim(1) && q.dim(2) % H == 0 && k.dim(2) % G == 0 &&
                    v.dim(2) % G == 0 && k.dim(2) / G == q.dim(2) / H;
  require(fits, "attention: q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(), " with ", H,
          " heads, ", G, " of them of keys and values; expected [B, Tq, H d], [B, Tk, G d], ",
          "[B, Tk, G dv], G dividing H");
  require(!spec.causal || q.dim(1) == k.dim(1), "attention: causal with ", q.dim(1),
          " queries and ", k.dim(1), " keys");
  require(static_cast<int64_t>(lengths.size()) == q.dim(0), "attention: ", lengths.size(),
          " lengths for a batch of ", q.dim(0));
  for (int64_t length : lengths)
    require(0 <= length && length <= k.dim(1), "attention: length ", length, " of ", k.dim(1),
            " keys");
}

void check_options(const Tensor& q, const Tensor& k, const AttentionSpec& spec) {
  require(spec.window >= 0 && spec.first >= 0, "attention: window ", spec.window, ", first ",
          spec.first, "; neither may be negative");
  require(!spec.causal || spec.first == 0, "attention: causal with queries from ", spec.first,
          " on");
  require(spec.far_q.defined() == spec.far_k.defined(),
          "attention: one of far_q and far_k without the other");
  require(
      !spec.far_q.defined() || (spec.far_q.shape() == q.shape() && spec.far_k.shape() == k.shape()),
      "attention: far_q and far_k must have the shapes of q ", q.shape(), " and k ", k.shape());
  const int64_t distances = std::max(spec.first + q.dim(1), k.dim(1));
  require(!spec.bias.defined() || (spec.bias.rank() == 2 && spec.bias.dim(0) == spec.heads &&
                                   spec.bias.dim(1) >= distances),
          "attention: expected a bias [heads, ", distances, " or more], found ", spec.bias.shape());
  const Shape forgets{q.dim(0), k.dim(1), spec.heads};
  require(!spec.log_forget.defined() ||
              (spec.log_forget.shape() == forgets && spec.first + q.dim(1) <= k.dim(1)),
          "attention: expected log_forget ", forgets, " with no query after the last key, found ",
          spec.log_forget.shape(), " and ", q.dim(1), " queries from ", spec.first, " on");
  require(!spec.sink.defined() || spec.sink.shape() == Shape{spec.heads},
          "attention: expected a sink [", spec.heads, "], found ", spec.sink.shape());
}

// What q and k give, and what far_q and far_k give: nothing, if there are none.
std::pair<Band, Band> bands(const AttentionSpec& spec) {
  const int64_t to = spec.window ? spec.window : tiled::kAnyDistance;
  const Band all{spec.causal ? 0 : 1 - to, to};
  if (!spec.far_q.defined()) return {all, {tiled::kAnyDistance, -tiled::kAnyDistance}};
  return {{all.from, std::min(to, spec.far_from)}, {std::max(all.from, spec.far_from), to}};
}

Problem problem(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionSpec& spec) {
  const int64_t H = spec.heads, G = spec.kv_heads ? spec.kv_heads : H, d = q.dim(2) / H;
  const float standard = 1 / std::sqrt(static_cast<float>(std::max<int64_t>(d, 1)));
  const auto [near, far] = bands(spec);
  return {q.dim(0),   q.dim(1), k.dim(1),     H,
          G,          d,        v.dim(2) / G, spec.scale.value_or(standard),
          spec.first, near,     far,          spec.bias.defined() ? spec.bias.dim(1) : 0};
}

// bias [H, n] times log2 e, on both sides of distance 0.
Tensor spread(const Problem& p, const Tensor& bias) {
  Tensor wide({p.H, p.bias_width()});
  for (int64_t h = 0; h < p.H; ++h) {
    float* middle = wide.data() + h * p.bias_width() + p.bias_middle();
    for (int64_t D = 0; D < p.distances; ++D)
      middle[D] = middle[-D] = tiled::kLog2E * bias.data()[h * p.distances + D];
  }
  return wide;
}

// The reverse of spread, summed over the batch.
void fold(const Problem& p, const Tensor& wide, float* dbias) {
  for (int64_t row = 0; row < p.B * p.H; ++row) {
    const float* middle = wide.data() + row * p.bias_width() + p.bias_middle();
    float* to = dbias + row % p.H * p.distances;
    for (int64_t D = 0; D < p.distances; ++D) to[D] += middle[D] + (D > 0 ? middle[-D] : 0);
  }
}

PooledVector<double> fade_of(const Problem& p, const Tensor& log_forget) {
  if (!log_forget.defined()) return {};
  PooledVector<double> fade(static_cast<std::size_t>(p.B * p.H * p.Tk));
  for (int64_t row = 0; row < p.B * p.H; ++row) {
    double sum = 0;
    for (int64_t t = 0; t < p.Tk; ++t) {
      sum += double{tiled::kLog2E} *
             double{log_forget.data()[(row / p.H * p.Tk + t) * p.H + row % p.H]};
      fade[static_cast<std::size_t>(row * p.Tk + t)] = sum;
    }
  }
  return fade;
}

// dlog_forget of a position adds up what reaches the sums from it on.
void add_up(const Problem& p, const PooledVector<double>& dfade, float* dlog_forget) {
  for (int64_t row = 0; row < p.B * p.H; ++row) {
    double sum = 0;
    for (int64_t t = p.Tk - 1; t >= 0; --t) {
      sum += dfade[static_cast<std::size_t>(row * p.Tk + t)];
      dlog_forget[(row / p.H * p.Tk + t) * p.H + row % p.H] += static_cast<float>(sum);
    }
  }
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
                 const AttentionSpec& spec) {
  check_shapes(q, k, v, lengths, spec);
  check_options(q, k, spec);
  const Problem p = problem(q, k, v, spec);
  const Tensor bias = spec.bias;
  const tiled::Inputs in{q,
                         k,
                         v,
                         spec.far_q,
                         spec.far_k,
                         bias.defined() ? spread(p, bias) : Tensor(),
                         pooled(lengths),
                         fade_of(p, spec.log_forget),
                         spec.sink};
  Tensor y = Tensor::empty({p.B, p.Tq, p.y_stride()});
  Tensor lse = Tensor::empty({p.B, p.H, p.Tq});
  const int64_t flops = 2 * visible_pairs(p, in.keys) * p.H * (p.d + p.dv);
  count_flops(flops);
  forward(p, in, y.data(), lse.data());
  const Tensor forget = spec.log_forget, sink = spec.sink;
  record(y, {q, k, v, spec.far_q, spec.far_k, bias, forget, sink}, [=] {
    count_flops(2 * flops);
    const auto learned = [](const Tensor& x) { return x.defined() && x.needs_grad(); };
    tiled::SharedGradients d;
    if (learned(bias)) d.bias = Tensor({p.B, p.H, p.bias_width()});
    if (learned(forget)) d.fade.resize(static_cast<std::size_t>(p.B * p.H * p.Tk));
    if (learned(sink)) d.sink = Tensor({p.B, p.H});
    reverse(p, in, y, lse, d);
    if (learned(bias)) fold(p, d.bias, bias.grad());
    if (learned(forget)) add_up(p, d.fade, forget.grad());
    for (int64_t row = 0; learned(sink) && row < p.B * p.H; ++row)
      sink.grad()[row % p.H] += d.sink.data()[row];
  });
  return y;
}

}  // namespace longhaul

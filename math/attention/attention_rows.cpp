#include "longhaul/attention_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "longhaul/elementary.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

struct Pair {
  double product = 0, cosine = 0;
};

// Of x [B, T, heads * d] and y: one head's part of one row each.
struct Row {
  const float* values;
  int64_t d;

  Row(const Tensor& x, int64_t heads, int64_t b, int64_t t, int64_t head)
      : values(x.data() + (b * x.dim(1) + t) * x.dim(2) + head * (x.dim(2) / heads)),
        d(x.dim(2) / heads) {}

  Pair operator*(const Row& other) const {
    double product = 0, own = 0, others = 0;
    for (int64_t i = 0; i < d; ++i) {
      product += double{values[i]} * other.values[i];
      own += double{values[i]} * values[i];
      others += double{other.values[i]} * other.values[i];
    }
    return {product, product / std::sqrt(own * others)};
  }
};

struct Range {
  int64_t begin, end;
};

// `see(i, length)` is the range of keys that query i sees, `score(b, h, i, j)` a pair, and
// `weigh(row, range)` makes weights of a row's scores.
template <class See, class Score, class Weigh>
AttentionRows make_rows(const Tensor& k, int64_t heads, const Lengths& lengths,
                        const std::vector<int64_t>& queries, See see, Score score, Weigh weigh) {
  const auto B = static_cast<int64_t>(lengths.size()), N = static_cast<int64_t>(queries.size());
  const int64_t T = k.dim(1);
  const float unseen = std::numeric_limits<float>::quiet_NaN();
  AttentionRows rows{Tensor({B, heads, N, T}, unseen), Tensor({B, heads, N, T}, unseen)};
  for (int64_t row = 0; row < B * heads * N; ++row) {
    const int64_t b = row / (heads * N), h = row / N % heads, i = queries[row % N];
    require(0 <= i && i < T, "attention_rows: query ", i, " of ", T, " positions");
    if (i >= lengths[b]) continue;
    float *weights = rows.weights.data() + row * T, *cosines = rows.cosines.data() + row * T;
    const Range keys = see(i, lengths[b]);
    for (int64_t j = keys.begin; j < keys.end; ++j) {
      const Pair pair = score(b, h, i, j);
      weights[j] = static_cast<float>(pair.product);
      cosines[j] = static_cast<float>(pair.cosine);
    }
    weigh(weights, keys, h);
  }
  return rows;
}

// `sink` is a logit beside the row's, or null.
void to_shares(float* row, Range keys, const float* sink) {
  if (keys.begin >= keys.end) return;
  float top = *std::max_element(row + keys.begin, row + keys.end);
  if (sink) top = std::max(top, *sink);
  double total = sink ? elementary::exp(double{*sink} - top) : 0;
  for (int64_t j = keys.begin; j < keys.end; ++j) total += elementary::exp(double{row[j]} - top);
  for (int64_t j = keys.begin; j < keys.end; ++j)
    row[j] = static_cast<float>(elementary::exp(double{row[j]} - top) / total);
}

// Sums of log_forget [B, T, H] up to and with each position, as [B, H, T]; empty without it.
std::vector<double> sums_of(const Tensor& log_forget) {
  if (!log_forget.defined()) return {};
  const int64_t B = log_forget.dim(0), T = log_forget.dim(1), H = log_forget.dim(2);
  std::vector<double> sums(static_cast<std::size_t>(B * H * T));
  for (int64_t row = 0; row < B * H; ++row) {
    double sum = 0;
    for (int64_t t = 0; t < T; ++t)
      sums[static_cast<std::size_t>(row * T + t)] = sum +=
          double{log_forget.data()[(row / H * T + t) * H + row % H]};
  }
  return sums;
}

}  // namespace

AttentionRows attention_rows(const Tensor& q, const Tensor& k, const Lengths& lengths,
                             const std::vector<int64_t>& queries, const AttentionSpec& spec) {
  const int64_t H = spec.heads, G = spec.kv_heads ? spec.kv_heads : H, w = spec.window;
  const int64_t width = std::max<int64_t>(1, q.dim(2) / H);
  const double standard = 1 / std::sqrt(static_cast<double>(width));
  const double scale = spec.scale ? double{*spec.scale} : standard;
  require(spec.first == 0 && q.dim(1) == k.dim(1), "attention_rows: ", q.dim(1), " queries from ",
          spec.first, " on for ", k.dim(1), " keys; expected one for each key");
  const auto see = [&](int64_t i, int64_t length) {
    const int64_t end = spec.causal ? i + 1 : w ? std::min(length, i + w) : length;
    return Range{w ? std::max<int64_t>(0, i - w + 1) : 0, end};
  };
  const std::vector<double> fade = sums_of(spec.log_forget);
  const auto score = [&](int64_t b, int64_t h, int64_t i, int64_t j) {
    const bool far = spec.far_q.defined() && i - j >= spec.far_from;
    Pair pair =
        Row(far ? spec.far_q : q, H, b, i, h) * Row(far ? spec.far_k : k, G, b, j, h / (H / G));
    pair.product *= scale;
    if (spec.bias.defined())
      pair.product += spec.bias.data()[h * spec.bias.dim(1) + std::abs(i - j)];
    if (!fade.empty()) {
      const double* sums = fade.data() + (b * H + h) * k.dim(1);
      pair.product += sums[i] - sums[j];
    }
    return pair;
  };
  const auto weigh = [&](float* row, Range keys, int64_t h) {
    to_shares(row, keys, spec.sink.defined() ? spec.sink.data() + h : nullptr);
  };
  return make_rows(k, H, lengths, queries, see, score, weigh);
}

AttentionRows attention_rows(const Tensor& q, const Tensor& k, const Lengths& lengths,
                             const std::vector<int64_t>& queries, const LinearAttentionSpec& spec) {
  const auto see = [&](int64_t i, int64_t length) {
    return Range{0, spec.causal ? i + 1 : length};
  };
  const auto score = [&](int64_t b, int64_t h, int64_t i, int64_t j) {
    return Row(q, spec.heads, b, i, h) * Row(k, spec.heads, b, j, h);
  };
  const auto weigh = [&](float* row, Range keys, int64_t) {
    double total = double{spec.epsilon};
    for (int64_t j = keys.begin; j < keys.end; ++j) total += double{row[j]};
    for (int64_t j = keys.begin; spec.normalise && j < keys.end; ++j)
      row[j] = static_cast<float>(row[j] / total);
  };
  return make_rows(k, spec.heads, lengths, queries, see, score, weigh);
}

}  // namespace longhaul

#include "longhaul/parts/feature_map.h"
#include "longhaul/elementary.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "longhaul/ops.h"

namespace longhaul {
namespace {

bool is_random(const std::string& name) { return name == "favor" || name == "favor_trig"; }

double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// W x and |x|^2 / 2, [N, m] and [N, 1], for x = u / d^(1/4).
struct Projected {
  Projected(const Tensor& u, const Tensor& projection) {
    const Tensor x = scale(u, static_cast<float>(elementary::pow(u.dim(1), -0.25)));
    along = matmul(x, projection);
    half_square = reshape(scale(sum(x * x, 1), 0.5f), {u.dim(0), 1});
  }
  Tensor along, half_square;
};

// [N, m] -> [N, 1], a constant: where it cancels, so does its gradient.
Tensor row_maxima(const Tensor& x) {
  const int64_t m = x.dim(1);
  Tensor maxima = Tensor::empty({x.dim(0), 1});
  for (int64_t row = 0; row < x.dim(0); ++row)
    maxima.data()[row] = *std::max_element(x.data() + row * m, x.data() + (row + 1) * m);
  return maxima;
}

}  // namespace

Init orthogonal_normal() {
  return [](Tensor& values, Rng& rng) {
    const int64_t d = values.dim(0), m = values.dim(1);
    std::vector<std::vector<double>> group;  // unit vectors
    for (int64_t column = 0; column < m; ++column) {
      if (column % d == 0) group.clear();
      std::vector<double> w(d);
      for (double& x : w) x = rng.normal();
      const double length = std::sqrt(product(w, w));
      for (int pass = 0; pass < 2; ++pass)  // the second removes what rounding left
        for (const std::vector<double>& other : group) {
          const double along = product(w, other);
          for (int64_t i = 0; i < d; ++i) w[i] -= along * other[i];
        }
      const double rest = std::sqrt(product(w, w));
      for (double& x : w) x /= rest;
      for (int64_t i = 0; i < d; ++i)
        values.data()[i * m + column] = static_cast<float>(length * w[i]);
      group.push_back(std::move(w));
    }
  };
}

FeatureMap::FeatureMap(MixerContext& c, int64_t width) : width_(width) {
  Options& o = c.options();
  name_ = o.choice("feature", "elu1",
                   {"identity", "elu1", "relu", "relu2", "exp", "taylor", "favor", "favor_trig"},
                   "feature map of queries and keys");
  int64_t m = o.integer("random_features", 0,
                        "rows of W of favor and favor_trig; 0 means 4 times the width of a key");
  if (m == 0) m = 4 * width;
  const int64_t every =
      o.integer("redraw", 0,
                "training steps between two draws of W of favor and favor_trig; 0 means one draw");
  if (!is_random(name_)) return;
  const Shape shape = {width, m};
  projection_ = every > 0 ? c.redrawn("projection", shape, orthogonal_normal(), every)
                          : c.fixed("projection", shape, orthogonal_normal());
}

int64_t FeatureMap::features() const {
  if (name_ == "taylor") return 1 + width_ + width_ * width_;
  if (is_random(name_)) return projection_.dim(1) * (name_ == "favor" ? 1 : 2);
  return width_;
}

Tensor FeatureMap::operator()(const Tensor& u) const { return of_heads(u, false); }

Tensor FeatureMap::as_query(const Tensor& u) const { return of_heads(u, is_random(name_)); }

Tensor FeatureMap::of_heads(const Tensor& u, bool bounded) const {
  if (name_ == "identity") return u;
  if (name_ == "elu1") return elu1(u);
  if (name_ == "relu") return relu(u);
  if (name_ == "exp") return exp(u);
  if (name_ == "relu2") {
    const Tensor x = relu(u);
    return x * x;
  }
  Shape shape = u.shape();
  int64_t& last = shape[shape.rank() - 1];
  last = last / width_ * features();
  return reshape(of_rows(reshape(u, {u.size() / width_, width_}), bounded), shape);
}

Tensor FeatureMap::of_rows(const Tensor& u, bool bounded) const {
  const int64_t N = u.dim(0), d = width_;
  if (name_ == "taylor") {
    const Tensor x = scale(u, static_cast<float>(elementary::pow(d, -0.25)));
    const Tensor pairs = reshape(x, {N, d, 1}) * reshape(x, {N, 1, d});
    const auto half = static_cast<float>(1 / std::numbers::sqrt2);
    return concat({Tensor({N, 1}, 1.0f), x, scale(reshape(pairs, {N, d * d}), half)}, 1);
  }
  const Projected p(u, projection_);
  const auto share = static_cast<float>(1 / std::sqrt(projection_.dim(1)));
  if (name_ == "favor") {
    const Tensor exponent = p.along - p.half_square;
    return scale(exp(bounded ? exponent - row_maxima(exponent) : exponent), share);
  }
  const Tensor waves = concat({cos(p.along), sin(p.along)}, 1);
  return bounded ? scale(waves, share) : waves * scale(exp(p.half_square), share);
}

}  // namespace longhaul

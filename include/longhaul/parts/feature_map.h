#pragma once

#include <string>

#include "longhaul/mixer.h"

namespace longhaul {

// The features phi of linear attention: what stands for a query or a key u of one head, width d, so
// that <phi(q), phi(k)> is the weight of a pair. With x = u / d^(1/4), so that <x, x'> = <q, k> /
// sqrt(d), the exponent of softmax attention:
//
//   identity        u
//   elu1            elu(u) + 1           Katharopoulos et al. 2020, arXiv:2006.16236, eq. 7
//   relu, relu2     max(u, 0), squared
//   exp             exp(u)
//   taylor          1, x, x x^T / sqrt(2): 1 + <x, x'> + <x, x'>^2 / 2, the exponential's series
//                   (Arora et al. 2024, arXiv:2402.18668, eq. 4); 1 + d + d^2 features
//   favor           exp(W x - |x|^2 / 2) / sqrt(m): positive random features (Choromanski et al.
//                   2021, arXiv:2009.14794, lemma 1), in expectation exp(<x, x'>); m features
//   favor_trig      exp(|x|^2 / 2) / sqrt(m) [cos(W x), sin(W x)], of the same expectation and much
//                   wilder where |x| is large (eq. 10 with f = cos, sin); 2 m features
//
// The rows of W are normal and, within each d of them, orthogonal (section 2.4), drawn from the
// seed and shared by the heads. With redraw: N they are drawn anew every N training steps, as in
// the paper's experiments, and never in evaluation; a checkpoint holds the draw that its weights go
// by.
//
// The paper's code subtracts the largest exponent of queries and keys. A query's own factor cancels
// in the division by the weights' sum, so as_query() takes it out, of favor the largest exponent,
// of favor_trig |x|^2 / 2. The largest over all keys would look ahead; keys keep theirs, which in
// favor is at most |w|^2 / 2.
class FeatureMap {
 public:
  FeatureMap() = default;
  // Reads the options feature, random_features and redraw.
  FeatureMap(MixerContext& c, int64_t width);

  // u [..., heads * width] -> [..., heads * features()].
  Tensor operator()(const Tensor& u) const;
  // The same times a positive number of each row and head, so that no feature is large.
  Tensor as_query(const Tensor& u) const;
  int64_t features() const;  // of a head
  const std::string& name() const { return name_; }

 private:
  Tensor of_rows(const Tensor& u, bool bounded) const;  // [N, width] -> [N, features()]
  Tensor of_heads(const Tensor& u, bool bounded) const;

  std::string name_;
  int64_t width_ = 0;
  Tensor projection_;  // W^T [width, m], of favor and favor_trig
};

// The initial values of W^T [d, m]: columns of independent normal numbers, those of every d made
// orthogonal with their lengths kept.
Init orthogonal_normal();

}  // namespace longhaul

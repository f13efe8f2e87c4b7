// The gated MLP as one operator for training. A block of rows goes through all of it while its
// hidden values are in the second-level cache, and the weights are laid out for register tiles once
// a pass. What is kept for the reverse step are the two products with x alone.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/gradient.h"
#include "math/kernels/panels.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kRows = 64;  // of a block

struct Mlp {
  Tensor x, up, gate, down;
  Tensor u, g;  // x up and x gate, [rows, hidden]; in the reverse step their gradients
  int64_t rows, in, hidden, out;
  Precision precision;

  void forward(float* y) const;
};

void Mlp::forward(float* y) const {
  Panels to_u(in, hidden, precision), to_g(in, hidden, precision), to_y(hidden, out, precision);
  to_u.load(up.data());
  to_g.load(gate.data());
  to_y.load(down.data());
  split_for(rows, kRows, [&](int64_t from, int64_t to) {
    const Tensor block = Tensor::empty({kRows, hidden});
    float* h = block.data();
    for (int64_t begin = from; begin < to; begin += kRows) {
      const int64_t m = std::min(kRows, to - begin);
      const tile::Left left{x.data() + begin * in, in};
      float *pu = u.data() + begin * hidden, *pg = g.data() + begin * hidden;
      to_u.multiply(m, left, pu, hidden);
      to_g.multiply(m, left, pg, hidden);
#pragma omp simd
      for (int64_t i = 0; i < m * hidden; ++i) h[i] = pu[i] * pg[i] * vmath::sigmoid(pg[i]);
      to_y.multiply(m, {h, hidden}, y + begin * out, out);
    }
  });
}

// The sum over all rows that goes into a weight's gradient.
class WeightGradient {
 public:
  // `transposed`: the sum is of dw^T.
  WeightGradient(const Tensor& w, bool transposed)
      : w_(w),
        transposed_(transposed),
        rows_(w.dim(transposed ? 1 : 0)),
        columns_(w.dim(transposed ? 0 : 1)),
        sum_(Tensor::empty({rows_, columns_})) {}

  // Rows [from, to) of it += a^T b, a [m, rows] row-major
  void add(const float* a, const Panels& b, int64_t from, int64_t to, bool first) const {
    if (w_.needs_grad())
      b.multiply(to - from, {a + from, rows_, true}, sum_.data() + from * columns_, columns_,
                 !first);
  }
  void finish() const {
    if (!w_.needs_grad()) return;
    const float* sum = sum_.data();
    float* dw = w_.grad();
    if (transposed_)
      tile::transpose(rows_, columns_, sum, columns_, dw, rows_, 1, true);
    else
      for (int64_t i = 0; i < rows_ * columns_; ++i) dw[i] += sum[i];
  }

 private:
  Tensor w_;
  bool transposed_;
  int64_t rows_, columns_;
  Tensor sum_;
};

// The reverse step. With s = sigmoid(g):
//   h = u g s;  dh = dy down^T;  du = dh g s;  dg = dh u (s + g s (1 - s))
class Reverse {
 public:
  Reverse(const Mlp& mlp, const float* dy)
      : p_(mlp), dy_(dy), dx_(target_of(mlp.x)), h_(Tensor::empty({window(), mlp.hidden})) {
    to_h_.load_transposed(p_.down.data(), p_.out);
    from_u_.load_transposed(p_.up.data(), p_.hidden);
    from_g_.load_transposed(p_.gate.data(), p_.hidden);
  }

  void run() const {
    for (int64_t begin = 0; begin < p_.rows; begin += window()) {
      const int64_t end = std::min(p_.rows, begin + window());
      split_for(end - begin, kRows, [&](int64_t first, int64_t last) {
        const Tensor parts = Tensor::empty({2, kRows, p_.in});
        for (int64_t at = begin + first; at < begin + last; at += kRows)
          rows(at, std::min(kRows, begin + last - at), h_.data() + (at - begin) * p_.hidden,
               parts.data());
      });
      split_columns(p_.hidden, [&](int64_t from, int64_t to) {
        for (int64_t at = begin; at < end; at += kRows)
          weights(at, std::min(kRows, end - at), h_.data() + (at - begin) * p_.hidden, from, to);
      });
    }
    for (const WeightGradient* gradient : {&d_up_, &d_gate_, &d_down_}) gradient->finish();
  }

 private:
  // Rows whose h is kept until the weights have it: a block, or enough for all threads.
  static int64_t window() { return has_threads() ? 32 * kRows : kRows; }

  // u and g become their gradients.
  void rows(int64_t begin, int64_t m, float* h, float* parts) const {
    const int64_t in = p_.in, hidden = p_.hidden;
    float *pu = p_.u.data() + begin * hidden, *pg = p_.g.data() + begin * hidden;
    to_h_.multiply(m, {dy_ + begin * p_.out, p_.out}, h, hidden);
#pragma omp simd
    for (int64_t i = 0; i < m * hidden; ++i) {
      const float dh = h[i], v = pu[i], z = pg[i], s = vmath::sigmoid(z);
      h[i] = v * z * s;
      pu[i] = dh * z * s;
      pg[i] = dh * v * std::fma(z * s, 1 - s, s);
    }
    if (!dx_.data) return;
    float *through_u = parts, *through_g = parts + kRows * in;
    from_u_.multiply(m, {pu, hidden}, through_u, in);
    from_g_.multiply(m, {pg, hidden}, through_g, in);
    for (int64_t i = 0, at = begin * in; i < m * in; ++i, ++at)
      dx_.data[at] = before(dx_, at) + through_u[i] + through_g[i];
  }

  // Of the hidden channels [from, to).
  void weights(int64_t begin, int64_t m, const float* h, int64_t from, int64_t to) const {
    Panels x_rows(m, p_.in, p_.precision), y_rows(m, p_.out, p_.precision);
    x_rows.load(p_.x.data() + begin * p_.in);
    y_rows.load(dy_ + begin * p_.out);
    const bool first = begin == 0;
    d_down_.add(h, y_rows, from, to, first);
    d_up_.add(p_.u.data() + begin * p_.hidden, x_rows, from, to, first);
    d_gate_.add(p_.g.data() + begin * p_.hidden, x_rows, from, to, first);
  }

  const Mlp& p_;
  const float* dy_;
  const GradTarget dx_;
  const Tensor h_;
  Panels to_h_{p_.out, p_.hidden, p_.precision}, from_u_{p_.hidden, p_.in, p_.precision},
      from_g_{p_.hidden, p_.in, p_.precision};
  const WeightGradient d_up_{p_.up, true}, d_gate_{p_.gate, true}, d_down_{p_.down, false};
};

bool whole_panels(int64_t width) { return width > 0 && width % Panels::kWhole == 0; }

}  // namespace

Tensor gated_mlp(const Tensor& x, const Tensor& up, const Tensor& gate, const Tensor& down) {
  require(x.rank() >= 1 && up.rank() == 2 && down.rank() == 2 && up.dim(0) == x.dim(-1) &&
              gate.shape() == up.shape() && down.dim(0) == up.dim(1),
          "gated_mlp: shapes ", x.shape(), ", up ", up.shape(), ", gate ", gate.shape(), ", down ",
          down.shape());
  const int64_t in = up.dim(0), hidden = up.dim(1), out = down.dim(1);
  const int64_t rows = in ? x.size() / in : 0;
  // Without a tape nothing is kept, and rows may be few (decoding) or for all threads (prefill).
  if (!Tape::active() || rows < kRows || !whole_panels(in) || !whole_panels(hidden) ||
      !whole_panels(out))
    return matmul(gated_silu(matmul(x, up), matmul(x, gate)), down);

  const Shape wide{rows, hidden};
  const Mlp mlp{x,    up, gate,   down, Tensor::empty(wide),      Tensor::empty(wide),
                rows, in, hidden, out,  PrecisionScope::current()};
  Shape shape = x.shape();
  shape[shape.rank() - 1] = out;
  Tensor y = Tensor::empty(shape);
  const int64_t of_in = 2 * rows * in * hidden, of_out = 2 * rows * hidden * out;  // of one product
  count_flops(2 * of_in + of_out);
  mlp.forward(y.data());
  record(y, {x, up, gate, down}, [mlp, y, of_in, of_out] {
    count_flops(of_out * (1 + mlp.down.needs_grad()) +
                of_in * (mlp.up.needs_grad() + mlp.gate.needs_grad() + 2 * mlp.x.needs_grad()));
    Reverse(mlp, y.grad()).run();
  });
  return y;
}

}  // namespace longhaul

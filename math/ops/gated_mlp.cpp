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

namespace longhaul {
namespace {

constexpr int64_t kRows = 64;  // of a block

struct Mlp {
  Tensor x, up, gate, down;
  Tensor u, g;  // x up and x gate, [rows, hidden]; in the reverse step their gradients
  int64_t rows, in, hidden, out;

  void forward(float* y) const;
  void reverse(const float* dy) const;
};

void Mlp::forward(float* y) const {
  Panels to_u(in, hidden), to_g(in, hidden), to_y(hidden, out);
  to_u.load(up.data());
  to_g.load(gate.data());
  to_y.load(down.data());
  const Tensor block = Tensor::empty({kRows, hidden});
  float* h = block.data();
  for (int64_t begin = 0; begin < rows; begin += kRows) {
    const int64_t m = std::min(kRows, rows - begin);
    const tile::Left left{x.data() + begin * in, in};
    float *pu = u.data() + begin * hidden, *pg = g.data() + begin * hidden;
    to_u.multiply(m, left, pu, hidden);
    to_g.multiply(m, left, pg, hidden);
#pragma omp simd
    for (int64_t i = 0; i < m * hidden; ++i) h[i] = pu[i] * pg[i] * vmath::sigmoid(pg[i]);
    to_y.multiply(m, {h, hidden}, y + begin * out, out);
  }
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

  // += a^T b, a [m, rows] row-major
  void add(const float* a, const Panels& b, bool first) const {
    if (w_.needs_grad()) b.multiply(rows_, {a, rows_, true}, sum_.data(), columns_, !first);
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

// With s = sigmoid(g): h = u g s;  dh = dy down^T;  du = dh g s;  dg = dh u (s + g s (1 - s)).
void Mlp::reverse(const float* dy) const {
  Panels to_h(out, hidden), from_u(hidden, in), from_g(hidden, in);
  to_h.load_transposed(down.data(), out);
  from_u.load_transposed(up.data(), hidden);
  from_g.load_transposed(gate.data(), hidden);
  const WeightGradient d_up(up, true), d_gate(gate, true), d_down(down, false);
  const Tensor block = Tensor::empty({kRows, hidden}), parts = Tensor::empty({2, kRows, in});
  float *h = block.data(), *through_u = parts.data(), *through_g = through_u + kRows * in;
  const GradTarget dx = target_of(x);
  for (int64_t begin = 0; begin < rows; begin += kRows) {
    const int64_t m = std::min(kRows, rows - begin);
    const float* dy_rows = dy + begin * out;
    float *pu = u.data() + begin * hidden, *pg = g.data() + begin * hidden;
    to_h.multiply(m, {dy_rows, out}, h, hidden);
#pragma omp simd
    for (int64_t i = 0; i < m * hidden; ++i) {
      const float dh = h[i], v = pu[i], z = pg[i], s = vmath::sigmoid(z);
      h[i] = v * z * s;
      pu[i] = dh * z * s;
      pg[i] = dh * v * std::fma(z * s, 1 - s, s);
    }
    Panels x_rows(m, in), y_rows(m, out);
    x_rows.load(x.data() + begin * in);
    y_rows.load(dy_rows);
    const bool first = begin == 0;
    d_down.add(h, y_rows, first);
    d_up.add(pu, x_rows, first);
    d_gate.add(pg, x_rows, first);
    if (!dx.data) continue;
    from_u.multiply(m, {pu, hidden}, through_u, in);
    from_g.multiply(m, {pg, hidden}, through_g, in);
    for (int64_t i = 0, at = begin * in; i < m * in; ++i, ++at)
      dx.data[at] = before(dx, at) + through_u[i] + through_g[i];
  }
  for (const WeightGradient* gradient : {&d_up, &d_gate, &d_down}) gradient->finish();
}

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
  const Mlp mlp{x, up, gate, down, Tensor::empty(wide), Tensor::empty(wide), rows, in, hidden, out};
  Shape shape = x.shape();
  shape[shape.rank() - 1] = out;
  Tensor y = Tensor::empty(shape);
  const int64_t of_in = 2 * rows * in * hidden, of_out = 2 * rows * hidden * out;  // of one product
  count_flops(2 * of_in + of_out);
  mlp.forward(y.data());
  record(y, {x, up, gate, down}, [mlp, y, of_in, of_out] {
    count_flops(of_out * (1 + mlp.down.needs_grad()) +
                of_in * (mlp.up.needs_grad() + mlp.gate.needs_grad() + 2 * mlp.x.needs_grad()));
    mlp.reverse(y.grad());
  });
  return y;
}

}  // namespace longhaul

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/gemm.h"

namespace longhaul {
namespace {

// target (+)= op(A) op(B)
void product_into(const GradTarget& target, Gemm shape, const float* a, const float* b) {
  shape.accumulate = target.accumulate;
  count_flops(2 * shape.batch * shape.m * shape.n * shape.k);
  gemm(shape, a, b, target.data);
}

// Leading extents that differ: each operand is repeated where the other has more than 1.
Tensor repeated_to(const Tensor& x, const Shape& leading) {
  Shape shape;
  for (int i = x.rank(); i < leading.rank() + 2; ++i) shape.append(1);
  for (int64_t extent : x.shape()) shape.append(extent);
  Tensor y = reshape(x, shape);
  for (int axis = 0; axis < leading.rank(); ++axis)
    if (y.shape()[axis] != leading[axis]) y = repeat(y, axis, leading[axis]);
  return y;
}

// The leading extents that both broadcast to; throws where they do not.
Shape leading_extents(const Tensor& a, const Tensor& b, const auto& check) {
  const int rank = std::max(a.rank(), b.rank()) - 2;
  const auto extent = [rank](const Tensor& x, int axis) {
    const int own = axis - (rank + 2 - x.rank());
    return own < 0 ? int64_t{1} : x.shape()[own];
  };
  Shape leading;
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t ea = extent(a, axis), eb = extent(b, axis);
    check(ea == eb || ea == 1 || eb == 1);
    leading.append(ea == 1 ? eb : ea);
  }
  return leading;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  const auto check = [&](bool ok) {
    require(ok, "matmul: ", a.shape(), transpose_a ? "^T" : "", " x ", b.shape(),
            transpose_b ? "^T" : "");
  };
  check(a.rank() >= 2 && b.rank() >= 2);
  Gemm s;
  s.transpose_a = transpose_a;
  s.transpose_b = transpose_b;
  s.precision = PrecisionScope::current();
  s.m = a.dim(transpose_a ? -1 : -2);
  s.k = a.dim(transpose_a ? -2 : -1);
  s.n = b.dim(transpose_b ? -2 : -1);
  check(b.dim(transpose_b ? -1 : -2) == s.k);
  Shape shape;
  int64_t leading = 1;
  for (int axis = 0; axis < a.rank() - 2; ++axis) {
    shape.append(a.shape()[axis]);
    leading *= a.shape()[axis];
  }
  shape.append(s.m);
  shape.append(s.n);
  if (b.rank() == 2 && !transpose_a) {
    s.m *= leading;  // one weight for all rows
  } else {
    const auto same = [&] {
      return a.rank() == b.rank() &&
             std::equal(a.shape().begin(), a.shape().end() - 2, b.shape().begin());
    };
    if (!same()) {
      const Shape both = leading_extents(a, b, check);
      return matmul(repeated_to(a, both), repeated_to(b, both), transpose_a, transpose_b);
    }
    s.batch = leading;
  }

  Tensor y = Tensor::empty(shape);
  count_flops(2 * s.batch * s.m * s.n * s.k);
  gemm(s, a.data(), b.data(), y.data());
  record(y, {a, b}, [a, b, y, s] {
    const float* dy = y.grad();
    if (a.needs_grad()) {  // dA += dY B^T, or its transpose B dY^T
      Gemm g{.transpose_a = false, .transpose_b = !s.transpose_b, .m = s.m, .n = s.k, .k = s.n};
      if (s.transpose_a)
        g = {.transpose_a = s.transpose_b, .transpose_b = true, .m = s.k, .n = s.m, .k = s.n};
      g.batch = s.batch;
      g.precision = s.precision;
      if (s.transpose_a)
        product_into(a.grad_target(), g, b.data(), dy);
      else
        product_into(a.grad_target(), g, dy, b.data());
    }
    if (b.needs_grad()) {  // dB += A^T dY, or its transpose dY^T A
      Gemm g{.transpose_a = !s.transpose_a, .transpose_b = false, .m = s.k, .n = s.n, .k = s.m};
      if (s.transpose_b)
        g = {.transpose_a = true, .transpose_b = s.transpose_a, .m = s.n, .n = s.k, .k = s.m};
      g.batch = s.batch;
      g.precision = s.precision;
      if (s.transpose_b)
        product_into(b.grad_target(), g, dy, a.data());
      else
        product_into(b.grad_target(), g, a.data(), dy);
    }
  });
  return y;
}

}  // namespace longhaul

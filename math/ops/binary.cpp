// add, sub, mul, div and maximum with broadcasting; where.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/gradient.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

// How two shapes meet: `outer` rows of `inner` values. Within a row an operand advances by 0 or 1;
// row starts are found by offsets(). Axes along which each operand goes on where the next axis
// ends, or stays, count as one: equal shapes are one row.
struct Broadcast {
  Shape shape;  // of the result
  int64_t outer = 1, inner = 1;
  int64_t step_a = 1, step_b = 1;
  int outer_rank = 0;  // of the axes below, the last first
  int64_t extent[Shape::kMaxRank] = {};
  int64_t stride_a[Shape::kMaxRank] = {}, stride_b[Shape::kMaxRank] = {};

  struct Offsets {
    int64_t a, b;
  };
  // Calls body(first row, last + 1, first column, last + 1): by rows, or a single row by columns.
  template <class Body>
  void split(Body body) const {
    if (outer == 1)
      split_for(inner, kFewValues, [&](int64_t begin, int64_t end) { body(0, 1, begin, end); });
    else
      split_for(outer, std::max<int64_t>(kFewValues / std::max<int64_t>(inner, 1), 1),
                [&](int64_t begin, int64_t end) { body(begin, end, 0, inner); });
  }
  // The same where values add up into x, of `size` values that advance by `step`: cut so that each
  // one's terms stay in order on one thread.
  template <class Body>
  void split_sums(int64_t size, int64_t step, Body body) const {
    if (size == shape.size() || (step == 0 && size == outer && outer > 1))
      split(body);
    else if (step == 1 && outer > kFewRows)
      split_columns(inner, [&](int64_t begin, int64_t end) { body(0, outer, begin, end); });
    else
      body(0, outer, 0, inner);
  }
  Offsets offsets(int64_t row) const {
    Offsets at{0, 0};
    for (int axis = 0; axis < outer_rank; ++axis) {
      const bool is_first = axis == outer_rank - 1;  // whose index is what is left
      const int64_t i = is_first ? row : row % extent[axis];
      if (!is_first) row /= extent[axis];
      at.a += i * stride_a[axis];
      at.b += i * stride_b[axis];
    }
    return at;
  }
  // The next axis towards the first, longer than 1.
  void add(int64_t length, int64_t a, int64_t b) {
    if (inner == 1) {
      inner = length;
      step_a = a;
      step_b = b;
    } else if (outer_rank == 0 && a == inner * step_a && b == inner * step_b) {
      inner *= length;
    } else if (const int last = outer_rank - 1; last >= 0 && a == extent[last] * stride_a[last] &&
                                                b == extent[last] * stride_b[last]) {
      extent[last] *= length;
      outer *= length;
    } else {
      extent[outer_rank] = length;
      stride_a[outer_rank] = a;
      stride_b[outer_rank++] = b;
      outer *= length;
    }
  }
};

Broadcast meet(const char* op, const Tensor& a, const Tensor& b) {
  const int rank = std::max(a.rank(), b.rank());
  const auto extent = [rank](const Tensor& t, int axis) {
    const int own = axis - (rank - t.rank());
    return own < 0 ? int64_t{1} : t.shape()[own];
  };
  Broadcast m;
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t ea = extent(a, axis), eb = extent(b, axis);
    require(ea == eb || ea == 1 || eb == 1, op, ": shapes ", a.shape(), " and ", b.shape(),
            " do not broadcast");
    m.shape.append(ea == 1 ? eb : ea);
  }
  int64_t run_a = 1, run_b = 1;
  for (int axis = rank - 1; axis >= 0; --axis) {
    const int64_t ea = extent(a, axis), eb = extent(b, axis);
    if (m.shape[axis] != 1) m.add(m.shape[axis], ea == 1 ? 0 : run_a, eb == 1 ? 0 : run_b);
    run_a *= ea;
    run_b *= eb;
  }
  return m;
}

// Calls body(i, a_i, b_i) for every i of a row; an operand advances by 0 or 1.
template <class Body>
void for_pairs(const float* a, int64_t step_a, const float* b, int64_t step_b, int64_t begin,
               int64_t end, Body body) {
  if (step_a == 1 && step_b == 1) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) body(i, a[i], b[i]);
  } else if (step_a == 1) {
    const float same = b[0];
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) body(i, a[i], same);
  } else {
    const float same = a[0];
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) body(i, same, b[i]);
  }
}

// f(a, b) -> y; da(a, b) and db(a, b): the partial derivatives.
template <class F, class DA, class DB>
Tensor binary(const char* op, const Tensor& a, const Tensor& b, F f, DA da, DB db) {
  const Broadcast m = meet(op, a, b);
  Tensor y = Tensor::empty(m.shape);
  m.split([&](int64_t from, int64_t to, int64_t begin, int64_t end) {
    for (int64_t row = from; row < to; ++row) {
      const auto [oa, ob] = m.offsets(row);
      float* py = y.data() + row * m.inner;
      for_pairs(a.data() + oa, m.step_a, b.data() + ob, m.step_b, begin, end,
                [&](int64_t i, float va, float vb) { py[i] = f(va, vb); });
    }
  });
  // dx += dy * partial, summed over the axes along which x repeats
  auto reverse = [m](const Tensor& x, const Tensor& a, const Tensor& b, const float* dy,
                     int64_t step, bool first, auto partial) {
    // A tensor that repeats along no axis gets one term a value, and need not be zeroed first.
    const bool whole = x.size() == m.shape.size();
    const GradTarget dx = whole ? x.grad_target() : GradTarget{x.grad(), true};
    m.split_sums(x.size(), step, [&](int64_t from, int64_t to, int64_t begin, int64_t end) {
      for (int64_t row = from; row < to; ++row) {
        const auto [oa, ob] = m.offsets(row);
        const float *pa = a.data() + oa, *pb = b.data() + ob, *pdy = dy + row * m.inner;
        const GradTarget pdx{dx.data + (first ? oa : ob), dx.accumulate};
        if (step == 1)
          for_pairs(pa, m.step_a, pb, m.step_b, begin, end, [&](int64_t i, float va, float vb) {
            pdx.data[i] = std::fma(pdy[i], partial(va, vb), before(pdx, i));
          });
        else  // one term after the other
          for (int64_t i = begin; i < end; ++i)
            pdx.data[0] =
                std::fma(pdy[i], partial(pa[i * m.step_a], pb[i * m.step_b]), before(pdx, 0));
      }
    });
  };
  record(y, {a, b}, [=] {
    const float* dy = y.grad();
    if (a.needs_grad()) reverse(a, a, b, dy, m.step_a, true, da);
    if (b.needs_grad()) reverse(b, a, b, dy, m.step_b, false, db);
  });
  return y;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  return binary(
      "add", a, b, [](float x, float y) { return x + y; }, [](float, float) { return 1.0f; },
      [](float, float) { return 1.0f; });
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return binary(
      "sub", a, b, [](float x, float y) { return x - y; }, [](float, float) { return 1.0f; },
      [](float, float) { return -1.0f; });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return binary(
      "mul", a, b, [](float x, float y) { return x * y; }, [](float, float y) { return y; },
      [](float x, float) { return x; });
}

Tensor div(const Tensor& a, const Tensor& b) {
  return binary(
      "div", a, b, [](float x, float y) { return x / y; }, [](float, float y) { return 1 / y; },
      [](float x, float y) { return -x / (y * y); });
}

Tensor maximum(const Tensor& a, const Tensor& b) {
  return binary(
      "maximum", a, b, [](float x, float y) { return x >= y ? x : y; },
      [](float x, float y) { return x >= y ? 1.0f : 0.0f; },
      [](float x, float y) { return x >= y ? 0.0f : 1.0f; });
}

Tensor where(const Tensor& mask, const Tensor& a, const Tensor& b) {
  require(a.shape() == b.shape() && mask.shape() == a.shape(), "where: mask ", mask.shape(),
          ", values ", a.shape(), " and ", b.shape(), "; expected equal shapes");
  Tensor y = Tensor::empty(a.shape());
  const int64_t n = a.size();
  split_for(n, kFewValues, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y.data()[i] = (mask.data()[i] != 0 ? a : b).data()[i];
  });
  record(y, {a, b}, [=] {
    const float *dy = y.grad(), *chosen = mask.data();
    const auto reverse = [&](const Tensor& x, bool first) {
      if (!x.needs_grad()) return;
      const GradTarget dx = x.grad_target();
      split_for(n, kFewValues, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          dx.data[i] = before(dx, i) + ((chosen[i] != 0) == first ? dy[i] : 0.0f);
      });
    };
    reverse(a, true);
    reverse(b, false);
  });
  return y;
}

}  // namespace longhaul

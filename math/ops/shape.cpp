// Operators that move values without changing them.
#include <algorithm>
#include <array>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

int positive_axis(const char* op, const Tensor& x, int axis) {
  const int positive = axis < 0 ? axis + x.rank() : axis;
  require(positive >= 0 && positive < x.rank(), op, ": axis ", axis, " of shape ", x.shape());
  return positive;
}

// x seen as [outer, extent of axis, inner].
struct Split3 {
  int64_t outer = 1, extent = 1, inner = 1;
};

Split3 split_at(const Shape& shape, int axis) {
  Split3 s;
  for (int i = 0; i < axis; ++i) s.outer *= shape[i];
  s.extent = shape[axis];
  for (int i = axis + 1; i < shape.rank(); ++i) s.inner *= shape[i];
  return s;
}

// Calls body(begin, end) for parts of `rows` rows of `width` values each.
template <class Body>
void split_rows(int64_t rows, int64_t width, Body body) {
  split_for(rows, std::max<int64_t>(kFewValues / std::max<int64_t>(width, 1), 1), body);
}

using Strides = std::array<int64_t, Shape::kMaxRank>;

// Visits rows [begin, end) of a permuted tensor in the order of the result: visit(result, source).
template <class Visit>
void walk_rows(const Shape& shape, const Strides& stride, int64_t begin, int64_t end,
               const Visit& visit) {
  const int rank = shape.rank();
  Strides index{};
  int64_t source = 0;
  for (int64_t axis = rank - 2, row = begin; axis >= 0; row /= shape[axis--]) {
    index[axis] = row % shape[axis];
    source += index[axis] * stride[axis];
  }
  const int64_t inner = rank ? shape[rank - 1] : 1, inner_stride = rank ? stride[rank - 1] : 1;
  for (int64_t at = begin * inner; at < end * inner; at += inner) {
    for (int64_t i = 0; i < inner; ++i) visit(at + i, source + i * inner_stride);
    for (int axis = rank - 2; axis >= 0; --axis) {
      source += stride[axis];
      if (++index[axis] < shape[axis]) break;
      source -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

template <class Visit>
void walk_permuted(const Shape& shape, const Strides& stride, const Visit& visit) {
  if (shape.size() == 0) return;
  const int64_t inner = shape.rank() ? shape[shape.rank() - 1] : 1;
  split_rows(shape.size() / inner, inner,
             [&](int64_t begin, int64_t end) { walk_rows(shape, stride, begin, end, visit); });
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) { return x.view(shape); }

Tensor permute(const Tensor& x, const std::vector<int>& axes) {
  const int rank = x.rank();
  require(static_cast<int>(axes.size()) == rank, "permute: ", axes.size(), " axes for shape ",
          x.shape());
  Strides stride{}, own{};
  int64_t run = 1;
  for (int axis = rank - 1; axis >= 0; --axis) {
    own[axis] = run;
    run *= x.shape()[axis];
  }
  Shape shape;
  int seen = 0;
  for (int i = 0; i < rank; ++i) {
    const int axis = positive_axis("permute", x, axes[i]);
    require(!(seen >> axis & 1), "permute: axis ", axis, " is named twice");
    seen |= 1 << axis;
    shape.append(x.shape()[axis]);
    stride[i] = own[axis];
  }
  Tensor y = Tensor::empty(shape);
  walk_permuted(shape, stride,
                [from = x.data(), to = y.data()](int64_t i, int64_t j) { to[i] = from[j]; });
  record(y, {x}, [=] {  // the same walk backwards
    walk_permuted(shape, stride,
                  [dy = y.grad(), dx = x.grad()](int64_t i, int64_t j) { dx[j] += dy[i]; });
  });
  return y;
}

Tensor transpose(const Tensor& x) {
  require(x.rank() >= 2, "transpose: shape ", x.shape(), " has fewer than two axes");
  std::vector<int> axes(static_cast<std::size_t>(x.rank()));
  for (int i = 0; i < x.rank(); ++i) axes[i] = i;
  std::swap(axes[x.rank() - 1], axes[x.rank() - 2]);
  return permute(x, axes);
}

Tensor slice(const Tensor& x, int axis, int64_t begin, int64_t end) {
  axis = positive_axis("slice", x, axis);
  const Split3 s = split_at(x.shape(), axis);
  require(0 <= begin && begin <= end && end <= s.extent, "slice: ", begin, " .. ", end, " of axis ",
          axis, " of shape ", x.shape());
  if (end - begin == s.extent) return x;
  Shape shape = x.shape();
  shape[axis] = end - begin;
  Tensor y = Tensor::empty(shape);
  const int64_t run = (end - begin) * s.inner;
  const auto source = [=](int64_t outer) { return (outer * s.extent + begin) * s.inner; };
  split_rows(s.outer, run, [&](int64_t first, int64_t last) {
    for (int64_t o = first; o < last; ++o)
      std::copy_n(x.data() + source(o), run, y.data() + o * run);
  });
  record(y, {x}, [=] {
    const float* dy = y.grad();
    float* dx = x.grad();
    split_rows(s.outer, run, [&](int64_t first, int64_t last) {
      for (int64_t o = first; o < last; ++o)
        for (int64_t i = 0; i < run; ++i) dx[source(o) + i] += dy[o * run + i];
    });
  });
  return y;
}

Tensor concat(std::span<const Tensor> parts, int axis) {
  require(!parts.empty(), "concat: no parts");
  axis = positive_axis("concat", parts[0], axis);
  Shape shape = parts[0].shape();
  shape[axis] = 0;
  for (const Tensor& part : parts) {
    Shape expected = shape;
    expected[axis] = part.rank() == shape.rank() ? part.shape()[axis] : -1;
    require(part.shape() == expected, "concat: ", part.shape(), " beside ", parts[0].shape(),
            " along axis ", axis);
    shape[axis] += part.shape()[axis];
  }
  Tensor y = Tensor::empty(shape);
  const Split3 whole = split_at(shape, axis);
  int64_t offset = 0;
  for (const Tensor& part : parts) {
    const int64_t run = part.shape()[axis] * whole.inner;
    const int64_t row = whole.extent * whole.inner, at = offset;
    split_rows(whole.outer, run, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        std::copy_n(part.data() + o * run, run, y.data() + o * row + at);
    });
    offset += run;
    record(y, {part}, [=, outer = whole.outer] {
      const float* dy = y.grad();
      float* dx = part.grad();
      split_rows(outer, run, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o)
          for (int64_t i = 0; i < run; ++i) dx[o * run + i] += dy[o * row + at + i];
      });
    });
  }
  return y;
}

Tensor repeat(const Tensor& x, int axis, int64_t count) {
  axis = positive_axis("repeat", x, axis);
  require(count >= 0, "repeat: count ", count, ", expected at least 0");
  const Split3 s = split_at(x.shape(), axis);
  Shape shape = x.shape();
  shape[axis] *= count;
  Tensor y = Tensor::empty(shape);
  const int64_t rows = s.outer * s.extent;
  split_rows(rows, count * s.inner, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t r = 0; r < count; ++r)
        std::copy_n(x.data() + row * s.inner, s.inner, y.data() + (row * count + r) * s.inner);
  });
  record(y, {x}, [=] {  // dx += the sum over the copies
    const float* dy = y.grad();
    float* dx = x.grad();
    split_rows(rows, count * s.inner, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row)
        for (int64_t r = 0; r < count; ++r)
          for (int64_t i = 0; i < s.inner; ++i)
            dx[row * s.inner + i] += dy[(row * count + r) * s.inner + i];
    });
  });
  return y;
}

Tensor gather(const Tensor& x, const std::vector<int32_t>& ids) {
  require(x.rank() >= 1, "gather: a scalar has no axis");
  Shape shape;
  for (int i = 0; i + 1 < x.rank(); ++i) shape.append(x.shape()[i]);
  const int64_t C = x.dim(-1), rows = shape.size();
  require(static_cast<int64_t>(ids.size()) == rows, "gather: ", ids.size(), " ids for shape ",
          x.shape(), ", expected ", rows);
  for (int32_t id : ids) require(id >= 0 && id < C, "gather: id ", id, " outside [0, ", C, ")");
  Tensor y = Tensor::empty(shape);
  for (int64_t r = 0; r < rows; ++r) y.data()[r] = x.data()[r * C + ids[r]];
  record(y, {x}, [=, ids = PooledVector<int32_t>(ids.begin(), ids.end())] {
    for (int64_t r = 0; r < rows; ++r) x.grad()[r * C + ids[r]] += y.grad()[r];
  });
  return y;
}

Tensor flip(const Tensor& x, const Lengths& lengths) {
  require(x.rank() >= 2 && x.dim(0) == static_cast<int64_t>(lengths.size()),
          "flip: ", lengths.size(), " lengths for shape ", x.shape());
  const int64_t B = x.dim(0), T = x.dim(1), row = T ? x.size() / std::max<int64_t>(B * T, 1) : 0;
  for (int64_t length : lengths)
    require(0 <= length && length <= T, "flip: length ", length, " of shape ", x.shape());
  Tensor y = Tensor::empty(x.shape());
  const auto source = [T](int64_t b, int64_t t, int64_t length) {
    return b * T + (t < length ? length - 1 - t : t);
  };
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = 0; t < T; ++t)
      std::copy_n(x.data() + source(b, t, lengths[b]) * row, row, y.data() + (b * T + t) * row);
  record(y, {x}, [=, lengths = pooled(lengths)] {  // a flip is its own transpose
    const float* dy = y.grad();
    float* dx = x.grad();
    for (int64_t b = 0; b < B; ++b)
      for (int64_t t = 0; t < T; ++t) {
        const float* from = dy + (b * T + t) * row;
        float* to = dx + source(b, t, lengths[b]) * row;
        for (int64_t i = 0; i < row; ++i) to[i] += from[i];
      }
  });
  return y;
}

}  // namespace longhaul

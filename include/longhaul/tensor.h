#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <vector>

namespace longhaul {

// Extents of a tensor, outermost first; at most kMaxRank of them, kept inline (no heap).
class Shape {
 public:
  static constexpr int kMaxRank = 5;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims);  // throws Error if too many or negative

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return dims_[axis]; }
  int64_t& operator[](int axis) { return dims_[axis]; }
  int64_t size() const;  // product of the extents; 1 for a scalar
  void append(int64_t extent);
  const int64_t* begin() const { return dims_.data(); }
  const int64_t* end() const { return dims_.data() + rank_; }
  friend bool operator==(const Shape& a, const Shape& b) {
    return a.rank_ == b.rank_ && std::equal(a.begin(), a.end(), b.begin());
  }

 private:
  std::array<int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);  // (2, 3, 4)

// Where a reverse step puts a gradient: adds to `data` if `accumulate`, else must overwrite all of
// it.
struct GradTarget {
  float* data;
  bool accumulate;
};

// A float32 array in row-major order without gaps, and the handle to its gradient.
//
// Copies share the values: a Tensor is a handle. Operators (ops.h) never write to their inputs.
// A default-constructed Tensor is undefined; it may only be assigned to or asked `defined()`.
// Memory comes from a caching allocator and is 64-byte aligned.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(const Shape& shape);      // zeros
  Tensor(const Shape& shape, float value);  // filled
  static Tensor empty(const Shape& shape);  // values undefined: for outputs about to be written
  static Tensor from(const Shape& shape,
                     const std::vector<float>& values);  // throws on a size mismatch

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int64_t dim(int axis) const;  // negative axes count from the end; throws when out of range
  int64_t size() const { return shape_.size(); }
  int64_t bytes() const { return size() * static_cast<int64_t>(sizeof(float)); }
  float* data() const;
  float item() const;  // the only value; throws unless size() == 1
  // The same values and gradient under another shape of equal size.
  Tensor view(const Shape& shape) const;
  Tensor clone() const;  // own copy of the values; no gradient

  // Gradients. A leaf that wants one says so once; results of recorded operators inherit the wish.
  bool needs_grad() const;
  void set_needs_grad(bool needs);
  // The gradient buffer, as large as data(), zeroed when first asked for. Only reverse steps and
  // optimizers call it. For a parameter bound to a slot (below) it is the active tape's own buffer.
  float* grad() const;
  // The same without the zeroing: for reverse steps that can overwrite as cheaply as add.
  GradTarget grad_target() const;
  bool has_grad() const;
  void drop_grad() const;

  // Binds a parameter to `offset` (in floats) of the per-lane gradient array that a Tape may carry,
  // so that lanes which share the parameter never share its gradient.
  void bind_gradient_slot(int64_t offset);

 private:
  struct Storage;
  Tensor(const Shape& shape, std::shared_ptr<Storage> storage);

  Shape shape_;
  std::shared_ptr<Storage> storage_;
};

}  // namespace longhaul

#include "longhaul/tensor.h"

#include <algorithm>
#include <cstring>
#include <ostream>

#include "longhaul/error.h"
#include "longhaul/tape.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "math/tensor_watch.h"

namespace longhaul {
namespace {

void fill(float* values, int64_t count, float value) {
  split_for(count, kFewValues,
            [=](int64_t begin, int64_t end) { std::fill(values + begin, values + end, value); });
}

}  // namespace

Shape::Shape(std::initializer_list<int64_t> dims) {
  for (int64_t extent : dims) append(extent);
}

int64_t Shape::size() const {
  int64_t product = 1;
  for (int64_t extent : *this) product *= extent;
  return product;
}

void Shape::append(int64_t extent) {
  require(rank_ < kMaxRank, "shape: more than ", kMaxRank, " axes");
  require(extent >= 0, "shape: negative extent ", extent);
  dims_[rank_++] = extent;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '(';
  for (int axis = 0; axis < shape.rank(); ++axis) out << (axis ? ", " : "") << shape[axis];
  return out << ')';
}

struct Tensor::Storage {
  explicit Storage(int64_t count) : size(count), kind(MemoryScope::current()), data(buffer(kind)) {}
  ~Storage() {
    release(data, bytes(), kind);
    release(gradient, bytes(), Memory::activations);
  }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::size_t bytes() const { return static_cast<std::size_t>(size) * sizeof(float); }
  float* buffer(Memory of_kind) const { return static_cast<float*>(allocate(bytes(), of_kind)); }

  int64_t size;
  Memory kind;
  bool needs_grad = false;
  int64_t slot = -1;
  float* data;
  float* gradient = nullptr;
};

Tensor::Tensor(const Shape& shape, std::shared_ptr<Storage> storage)
    : shape_(shape), storage_(std::move(storage)) {}

Tensor::Tensor(const Shape& shape) : Tensor(shape, 0.0f) {}

Tensor::Tensor(const Shape& shape, float value) : Tensor(empty(shape)) {
  fill(data(), size(), value);
}

Tensor Tensor::empty(const Shape& shape) {
  Tensor tensor(shape, std::allocate_shared<Storage>(PoolAllocator<Storage>(), shape.size()));
  TensorWatch::made(shape, tensor.data(), tensor.storage_);
  return tensor;
}

Tensor Tensor::from(const Shape& shape, const std::vector<float>& values) {
  require(shape.size() == static_cast<int64_t>(values.size()), "tensor: shape ", shape, " holds ",
          shape.size(), " values, given ", values.size());
  Tensor tensor = empty(shape);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

int64_t Tensor::dim(int axis) const {
  const int positive = axis < 0 ? axis + rank() : axis;
  require(positive >= 0 && positive < rank(), "tensor: axis ", axis, " of shape ", shape_);
  return shape_[positive];
}

float* Tensor::data() const { return storage_->data; }

float Tensor::item() const {
  require(size() == 1, "item: shape ", shape_, " holds ", size(), " values, not one");
  return data()[0];
}

Tensor Tensor::view(const Shape& shape) const {
  require(shape.size() == size(), "reshape: ", shape_, " to ", shape);
  return Tensor(shape, storage_);
}

Tensor Tensor::clone() const {
  Tensor copy = empty(shape_);
  std::copy_n(data(), size(), copy.data());
  return copy;
}

bool Tensor::needs_grad() const { return storage_->needs_grad; }
void Tensor::set_needs_grad(bool needs) { storage_->needs_grad = needs; }
void Tensor::bind_gradient_slot(int64_t offset) { storage_->slot = offset; }

float* Tensor::grad() const {
  const GradTarget target = grad_target();
  if (!target.accumulate) fill(target.data, size(), 0);
  return target.data;
}

GradTarget Tensor::grad_target() const {
  if (storage_->slot >= 0)
    if (const Tape* tape = Tape::active(); tape && tape->slots())
      return {tape->slots() + storage_->slot, true};
  const bool fresh = storage_->gradient == nullptr;
  if (fresh) storage_->gradient = storage_->buffer(Memory::activations);
  return {storage_->gradient, !fresh};
}

bool Tensor::has_grad() const { return storage_->gradient != nullptr; }

void Tensor::drop_grad() const {
  release(storage_->gradient, storage_->bytes(), Memory::activations);
  storage_->gradient = nullptr;
}

}  // namespace longhaul

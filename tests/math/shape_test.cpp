#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;

// The value at (i, j, k) of a tensor with three axes.
float at(const Tensor& x, int64_t i, int64_t j, int64_t k) {
  return x.data()[(i * x.dim(1) + j) * x.dim(2) + k];
}

const Shape kShapes[] = {{0, 2, 3}, {1, 1, 1}, {2, 1, 2}, {2, 3, 5}, {3, 0, 2}, {5, 7, 1}};

}  // namespace

TEST_CASE("reshape keeps the order of values and shares them with their gradient", "[ops]") {
  const Tensor x = random_tensor({2, 3, 5}, 1);
  const Tensor y = reshape(x, {5, 6});
  CHECK(y.shape() == Shape{5, 6});
  CHECK(y.data() == x.data());
  for (const Shape& shape : kShapes)
    check_gradient([](const Inputs& in) { return reshape(in[0], {in[0].size()}); },
                   {random_tensor(shape, 1)});
  CHECK_THROWS_WITH(reshape(x, {4, 7}), "reshape: (2, 3, 5) to (4, 7)");
}

TEST_CASE("permute moves every value to its permuted place", "[ops]") {
  const std::vector<int> orders[] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {-1, 1, 0}};
  for (const Shape& shape : kShapes)
    for (const std::vector<int>& axes : orders) {
      INFO(shape << " by " << axes[0] << axes[1] << axes[2]);
      const Tensor x = random_tensor(shape, 1);
      const Tensor y = permute(x, axes);
      for (int axis = 0; axis < 3; ++axis) REQUIRE(y.dim(axis) == x.dim(axes[axis]));
      for (int64_t i = 0; i < y.dim(0); ++i)
        for (int64_t j = 0; j < y.dim(1); ++j)
          for (int64_t k = 0; k < y.dim(2); ++k) {
            int64_t source[3] = {};
            source[(axes[0] + 3) % 3] = i;
            source[axes[1]] = j;
            source[axes[2]] = k;
            CHECK(at(y, i, j, k) == at(x, source[0], source[1], source[2]));
          }
      check_gradient([&](const Inputs& in) { return permute(in[0], axes); }, {x});
    }
}

TEST_CASE("permute takes one to five axes and names what does not fit", "[ops]") {
  const Tensor line = random_tensor({7}, 1);
  CHECK(max_difference(permute(line, {0}), line) == 0);
  CHECK(permute(Tensor(Shape{}, 3.0f), {}).item() == 3);
  const Tensor x = random_tensor({2, 3, 1, 2, 3}, 1);
  CHECK(max_difference(permute(permute(x, {4, 2, 0, 1, 3}), {2, 3, 1, 4, 0}), x) == 0);
  CHECK_THROWS_WITH(permute(x, {0, 1}), "permute: 2 axes for shape (2, 3, 1, 2, 3)");
  CHECK_THROWS_WITH(permute(x, {0, 1, 2, 3, 3}), "permute: axis 3 is named twice");
  CHECK_THROWS_WITH(permute(line, {1}), "permute: axis 1 of shape (7)");
}

TEST_CASE("transpose swaps the last two axes", "[ops]") {
  for (const Shape& shape : kShapes) {
    const Tensor x = random_tensor(shape, 1);
    CHECK(max_difference(transpose(x), permute(x, {0, 2, 1})) == 0);
    check_gradient([](const Inputs& in) { return transpose(in[0]); }, {x});
  }
  CHECK_THROWS_WITH(transpose(Tensor({3})), "transpose: shape (3) has fewer than two axes");
}

TEST_CASE("slice takes a range of any axis", "[ops]") {
  for (const Shape& shape : kShapes)
    for (int axis : {0, 1, 2, -1}) {
      const Tensor x = random_tensor(shape, 1);
      const int64_t extent = x.dim(axis);
      for (auto [begin, end] :
           {std::pair<int64_t, int64_t>{0, extent}, {extent / 2, extent}, {0, 0}}) {
        INFO(shape << " axis " << axis << ": " << begin << " .. " << end);
        const Tensor y = slice(x, axis, begin, end);
        int64_t from[3] = {};
        from[(axis + 3) % 3] = begin;
        REQUIRE(y.dim(axis) == end - begin);
        for (int64_t i = 0; i < y.dim(0); ++i)
          for (int64_t j = 0; j < y.dim(1); ++j)
            for (int64_t k = 0; k < y.dim(2); ++k)
              CHECK(at(y, i, j, k) == at(x, from[0] + i, from[1] + j, from[2] + k));
        check_gradient(
            [=, b = begin, e = end](const Inputs& in) { return slice(in[0], axis, b, e); }, {x});
      }
    }
  CHECK_THROWS_WITH(slice(Tensor({2, 3}), 1, 2, 4), "slice: 2 .. 4 of axis 1 of shape (2, 3)");
  CHECK_THROWS_AS(slice(Tensor({2, 3}), 1, 2, 1), Error);
  CHECK_THROWS_AS(slice(Tensor({2, 3}), 2, 0, 1), Error);
}

TEST_CASE("slices of one tensor add their gradients", "[ops]") {
  check_gradient([](const Inputs& in) { return mul(slice(in[0], 1, 0, 3), slice(in[0], 1, 2, 5)); },
                 {random_tensor({2, 5, 3}, 1)});
}

TEST_CASE("concat joins parts along any axis, and slice takes them apart again", "[ops]") {
  for (int axis : {0, 1, 2, -2})
    for (const Shape& shape : kShapes) {
      Inputs parts;
      for (int64_t extent : {2, 0, 1, 3}) {
        Shape part = shape;
        part[(axis + 3) % 3] = extent;
        parts.push_back(random_tensor(part, static_cast<uint64_t>(extent)));
      }
      const Tensor y = concat(parts, axis);
      int64_t begin = 0;
      for (const Tensor& part : parts) {
        INFO(part.shape() << " axis " << axis);
        CHECK(max_difference(slice(y, axis, begin, begin + part.dim(axis)), part) == 0);
        begin += part.dim(axis);
      }
      CHECK(y.dim(axis) == begin);
      check_gradient([=](const Inputs& in) { return concat(in, axis); }, parts);
    }
}

TEST_CASE("concat takes one part twice and parts that need no gradient", "[ops]") {
  const Tensor constant = random_tensor({2, 1}, 5);
  check_gradient(
      [&](const Inputs& in) {
        return concat({in[0], constant, in[0]}, 1);
      },
      {random_tensor({2, 3}, 1)});
  CHECK_FALSE(constant.has_grad());
}

TEST_CASE("concat names the parts that do not fit", "[ops]") {
  CHECK_THROWS_WITH(concat({Tensor({2, 3}), Tensor({3, 3})}, 1),
                    "concat: (3, 3) beside (2, 3) along axis 1");
  CHECK_THROWS_AS(concat({Tensor({2, 3}), Tensor({2})}, 1), Error);
  CHECK_THROWS_WITH(concat({}, 0), "concat: no parts");
}

TEST_CASE("flip reverses the real positions and keeps the padding", "[ops]") {
  const Tensor x = random_tensor({4, 5, 3}, 1);
  const Lengths lengths = {5, 2, 1, 0};
  const Tensor y = flip(x, lengths);
  for (int64_t b = 0; b < 4; ++b)
    for (int64_t t = 0; t < 5; ++t)
      for (int64_t d = 0; d < 3; ++d)
        CHECK(at(y, b, t, d) == at(x, b, t < lengths[b] ? lengths[b] - 1 - t : t, d));
  CHECK(max_difference(flip(y, lengths), x) == 0);
  check_gradient([&](const Inputs& in) { return flip(in[0], lengths); }, {x});
  for (const Shape& shape : kShapes) {
    const Lengths all(static_cast<std::size_t>(shape[0]), shape[1]);
    check_gradient([&](const Inputs& in) { return flip(in[0], all); }, {random_tensor(shape, 1)});
  }
  CHECK(max_difference(flip(Tensor::from({1, 3}, {1, 2, 3}), {2}),
                       Tensor::from({1, 3}, {2, 1, 3})) == 0);
  CHECK_THROWS_WITH(flip(x, {5, 2}), "flip: 2 lengths for shape (4, 5, 3)");
  CHECK_THROWS_WITH(flip(x, {6, 2, 1, 0}), "flip: length 6 of shape (4, 5, 3)");
}

TEST_CASE("repeat gives every index several times in a row", "[ops]") {
  const Tensor x = Tensor::from({2, 2}, {1, 2, 3, 4});
  CHECK(max_difference(repeat(x, 0, 2), Tensor::from({4, 2}, {1, 2, 1, 2, 3, 4, 3, 4})) == 0);
  CHECK(max_difference(repeat(x, -1, 2), Tensor::from({2, 4}, {1, 1, 2, 2, 3, 3, 4, 4})) == 0);
  CHECK(repeat(x, 1, 0).shape() == Shape{2, 0});
  for (const Shape& shape : kShapes)
    for (int axis : {0, 1, 2})
      check_gradient([=](const Inputs& in) { return repeat(in[0], axis, 3); },
                     {random_tensor(shape, 1)});
  CHECK_THROWS_WITH(repeat(x, 0, -1), "repeat: count -1, expected at least 0");
}

TEST_CASE("gather takes one value of each row", "[ops]") {
  const Tensor x = random_tensor({2, 3, 4}, 1);
  const std::vector<int32_t> ids{3, 0, 2, 2, 1, 3};
  const Tensor y = gather(x, ids);
  REQUIRE(y.shape() == Shape{2, 3});
  for (int64_t r = 0; r < 6; ++r) CHECK(y.data()[r] == x.data()[r * 4 + ids[r]]);
  check_gradient([=](const Inputs& in) { return gather(in[0], ids); }, {x});
  CHECK_THROWS_WITH(gather(x, {0, 0, 0, 0, 0, 4}), "gather: id 4 outside [0, 4)");
  CHECK_THROWS_WITH(gather(x, {0}), "gather: 1 ids for shape (2, 3, 4), expected 6");
}

#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

// Just enough drawing for the Pathfinder pictures. The released pictures were drawn with Pillow and
// OpenCV, whose rounding is visible in the pixels (Lanczos ringing is a fifth of them), so that
// rounding is kept: lines as Pillow rasterises them, resampling in its 8-bit fixed point.
namespace longhaul::pathfinder {

struct Point {
  int row = 0;
  int column = 0;

  bool operator==(const Point&) const = default;
};

// An 8-bit grey picture, black at first.
struct Gray {
  Gray() = default;
  Gray(int rows, int columns)
      : height(rows), width(columns), pixels(static_cast<std::size_t>(rows) * columns) {}

  uint8_t& at(int row, int column) { return pixels[row * width + column]; }
  uint8_t at(int row, int column) const { return pixels[row * width + column]; }

  int height = 0;
  int width = 0;
  std::vector<uint8_t> pixels;  // [height * width], row-major
};

// Calls f(row, column, index) for each pixel of a square, 2 * reach + 1 wide around `at`, that lies
// inside a picture of `size` x `size`: the place in the square and the index into the picture.
template <class F>
void for_overlap(int size, int reach, Point at, F f) {
  const int top = std::max(0, at.row - reach), bottom = std::min(size - 1, at.row + reach);
  const int left = std::max(0, at.column - reach), right = std::min(size - 1, at.column + reach);
  for (int row = top; row <= bottom; ++row)
    for (int column = left; column <= right; ++column)
      f(row - at.row + reach, column - at.column + reach, row * size + column);
}

// A white line between two pixels, both drawn; it must lie inside the picture.
void draw_line(Gray& picture, Point from, Point to, int thickness);

// Every pixel becomes the brightest within `radius` of it.
Gray dilate(const Gray& picture, int radius);

// One output position of a resampling along one axis: a weighted sum of input positions from
// `first`.
struct Tap {
  int first = 0;
  std::vector<int32_t> weights;  // fixed point, 22 fractional bits, summing to about 1

  int end() const { return first + static_cast<int>(weights.size()); }
};

// The taps that shrink an axis of `from` pixels to `to` with the three-lobed Lanczos kernel.
std::vector<Tap> lanczos(int from, int to);

// The picture with one row per element of `rows` and one column per element of `columns`, neither
// empty: a part of the taps of an axis gives that part of the result. Rounded after each axis.
Gray resample(const Gray& picture, std::span<const Tap> rows, std::span<const Tap> columns);

}  // namespace longhaul::pathfinder

#include "tasks/pathfinder/raster.h"
#include "longhaul/elementary.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace longhaul::pathfinder {
namespace {

constexpr int kFractionBits = 22;
constexpr double kLobes = 3;

// Bresenham's line: one pixel for each step along the longer axis.
void draw_thin_line(Gray& picture, Point from, Point to) {
  const int rows = std::abs(to.row - from.row), columns = std::abs(to.column - from.column);
  const int row_step = from.row < to.row ? 1 : -1, column_step = from.column < to.column ? 1 : -1;
  const bool flat = columns > rows;
  const int longer = std::max(rows, columns), shorter = std::min(rows, columns);
  Point at = from;
  for (int i = 0, error = 2 * shorter - longer; i <= longer; ++i, error += 2 * shorter) {
    picture.at(at.row, at.column) = 255;
    const bool aside = error >= 0;
    if (aside) error -= 2 * longer;
    if (flat || aside) at.column += column_step;
    if (!flat || aside) at.row += row_step;
  }
}

int round_half_out(double x) {
  return static_cast<int>(x < 0 ? -std::floor(0.5 - x) : std::floor(x + 0.5));
}
int round_half_in(double x) {
  return static_cast<int>(x < 0 ? -std::ceil(-x - 0.5) : std::ceil(x - 0.5));
}

// Fills, in each row, from the leftmost to the rightmost crossing of the outline.
void fill_convex(Gray& picture, std::span<const Point> corners) {
  const auto by_row = [](Point a, Point b) { return a.row < b.row; };
  const auto [top, bottom] = std::minmax_element(corners.begin(), corners.end(), by_row);
  for (int row = top->row; row <= bottom->row; ++row) {
    double left = picture.width, right = -1;
    for (std::size_t i = 0; i < corners.size(); ++i) {
      Point a = corners[i], b = corners[(i + 1) % corners.size()];
      if (a.row > b.row) std::swap(a, b);
      if (row < a.row || row > b.row) continue;
      for (const Point& corner : {a, b}) {
        const double x = a.row == b.row ? corner.column
                                        : a.column + static_cast<double>(row - a.row) *
                                                         (b.column - a.column) / (b.row - a.row);
        left = std::min(left, x);
        right = std::max(right, x);
      }
    }
    for (int column = round_half_out(left); column <= round_half_in(right); ++column)
      picture.at(row, column) = 255;
  }
}

double sinc(double x) {
  x *= std::numbers::pi;
  return x == 0 ? 1 : elementary::sin(x) / x;
}

double lanczos_kernel(double x) { return std::abs(x) < kLobes ? sinc(x) * sinc(x / kLobes) : 0; }

uint8_t to_pixel(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

}  // namespace

void draw_line(Gray& picture, Point from, Point to, int thickness) {
  const int dx = to.column - from.column, dy = to.row - from.row;
  if (thickness == 1 || (dx == 0 && dy == 0)) return draw_thin_line(picture, from, to);
  // A rectangle whose corners are whole pixels: an even thickness has its extra half on one side.
  const double length = std::hypot(dx, dy), half = (thickness - 1) / 2.0;
  const double wide = round_half_out(half) / length, narrow = round_half_in(half) / length;
  const int narrow_x = round_half_in(narrow * dy), wide_x = round_half_in(wide * dy);
  const int narrow_y = round_half_out(narrow * dx), wide_y = round_half_out(wide * dx);
  const Point corners[] = {{from.row + wide_y, from.column - narrow_x},
                           {to.row + wide_y, to.column - narrow_x},
                           {to.row - narrow_y, to.column + wide_x},
                           {from.row - narrow_y, from.column + wide_x}};
  fill_convex(picture, corners);
}

Gray dilate(const Gray& picture, int radius) {
  Gray wide(picture.height, picture.width);
  for (int row = 0; row < picture.height; ++row) {
    for (int column = 0; column < picture.width; ++column) {
      const uint8_t value = picture.at(row, column);
      if (value == 0) continue;
      for (int y = std::max(0, row - radius); y <= std::min(picture.height - 1, row + radius);
           ++y) {
        const int reach = static_cast<int>(std::sqrt(radius * radius - (y - row) * (y - row)));
        for (int x = std::max(0, column - reach); x <= std::min(picture.width - 1, column + reach);
             ++x)
          wide.at(y, x) = std::max(wide.at(y, x), value);
      }
    }
  }
  return wide;
}

std::vector<Tap> lanczos(int from, int to) {
  const double scale = static_cast<double>(from) / to, support = kLobes * scale;
  std::vector<Tap> taps(to);
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::lround(centre - support)));
    const int end = std::min(from, static_cast<int>(std::lround(centre + support)));
    std::vector<double> weights;
    double sum = 0;
    for (int j = first; j < end; ++j) {
      weights.push_back(lanczos_kernel((j - centre + 0.5) / scale));
      sum += weights.back();
    }
    taps[i].first = first;
    for (double w : weights)
      taps[i].weights.push_back(static_cast<int32_t>(std::lround(w / sum * (1 << kFractionBits))));
  }
  return taps;
}

Gray resample(const Gray& picture, std::span<const Tap> rows, std::span<const Tap> columns) {
  const int top = rows.front().first, bottom = rows.back().end();
  constexpr int32_t half = 1 << (kFractionBits - 1);
  Gray narrow(bottom - top, static_cast<int>(columns.size()));
  for (int row = top; row < bottom; ++row) {
    for (int i = 0; i < narrow.width; ++i) {
      int32_t sum = half;
      const uint8_t* in = &picture.pixels[row * picture.width + columns[i].first];
      for (int32_t weight : columns[i].weights) sum += weight * *in++;
      narrow.at(row - top, i) = to_pixel(sum);
    }
  }
  Gray small(static_cast<int>(rows.size()), narrow.width);
  std::vector<int32_t> sums(narrow.width);
  for (int i = 0; i < small.height; ++i) {
    std::fill(sums.begin(), sums.end(), half);
    for (std::size_t k = 0; k < rows[i].weights.size(); ++k) {
      const uint8_t* in = &narrow.pixels[(rows[i].first - top + k) * narrow.width];
      for (int column = 0; column < narrow.width; ++column)
        sums[column] += rows[i].weights[k] * in[column];
    }
    for (int column = 0; column < narrow.width; ++column)
      small.at(i, column) = to_pixel(sums[column]);
  }
  return small;
}

}  // namespace longhaul::pathfinder

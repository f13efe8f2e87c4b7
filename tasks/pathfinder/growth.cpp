#include "tasks/pathfinder/growth.h"
#include "longhaul/elementary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longhaul::pathfinder {
namespace {

using std::numbers::pi;

constexpr int kPadding = 1;          // the border that masks stay out of
constexpr int kDashTrials = 3;       // draws of one dash before its contour is given up
constexpr int kTouching = 459;       // two masks of together 1.8 * 255 may not meet
constexpr int kTaken = 76;           // a first dash may cover masks up to 0.3 * 255
constexpr double kFullShare = 0.01;  // no distractor is tried where less of the mask is free

// A random zero among the first `width` of each `stride` bytes of `rows`, or nothing.
std::optional<Point> random_zero(Rng& rng, const uint8_t* rows, int height, int width, int stride) {
  int64_t zeros = 0;
  for (int row = 0; row < height; ++row)
    zeros += std::count(rows + row * stride, rows + row * stride + width, 0);
  if (zeros == 0) return {};
  int64_t skip = rng.below(zeros);
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column)
      if (rows[row * stride + column] == 0 && skip-- == 0) return Point{row, column};
  return {};
}

}  // namespace

Growth::Growth(int size, double continuity, const Brush& brush, Rng& rng)
    : size_(size), continuity_(continuity), brush_(brush), rng_(rng), empty_{{size, size}, {}} {
  for (int row = 0; row < size; ++row)
    for (int column = 0; column < size; ++column)
      if (!inside({row, column}, kPadding)) empty_.taken.at(row, column) = 255;
  empty_.near = dilate(empty_.taken, brush.gap);
  mask_ = empty_;
}

std::optional<std::array<Contour, 2>> Growth::targets(int length, int seed_distance) {
  std::array<Contour, 2> pair;
  if (!start_central(pair[0], 2 * seed_distance)) return {};
  if (!start_beside(pair[1], pair[0].tips[0], seed_distance)) return {};
  mask_ = empty_;
  for (int i = 1; i < length; ++i)
    if (!extend(pair[0]) || !extend(pair[1])) return {};
  // The last dash of the first target stays out of the mask, as in the released pictures.
  enter(pair[1].dashes.back());
  return pair;
}

std::optional<Contour> Growth::distractor(int length) {
  Contour contour;
  if (full() || !start_free(contour)) return {};
  const Mask before = mask_;
  for (int i = 1; i < length; ++i) {
    if (extend(contour)) continue;
    mask_ = before;
    return {};
  }
  enter(contour.dashes.back());
  return contour;
}

bool Growth::inside(Point p, int border) const {
  const int end = size_ - border;
  return p.row >= border && p.row < end && p.column >= border && p.column < end;
}

bool Growth::full() const {
  const std::vector<uint8_t>& taken = mask_.taken.pixels;
  const auto room =
      std::count_if(taken.begin(), taken.end(), [](uint8_t value) { return value <= kTaken; });
  return room < kFullShare * taken.size();
}

// Begins a contour whose first dash keeps `border` pixels from the edge.
bool Growth::start_central(Contour& contour, int border) {
  for (int trial = 0; trial < kDashTrials; ++trial) {
    const Brush::Start& first = random_start();
    const Stamp& stamp = brush_.stamps[first.stamp];
    const int low = border, high = size_ - border - 1;
    const Point from{low - stamp.top_left.row, low - stamp.top_left.column};
    const Point to{high - stamp.bottom_right.row, high - stamp.bottom_right.column};
    if (!stamp.starts || from.row > to.row || from.column > to.column) return false;
    const Point tail{static_cast<int>(rng_.between(from.row, to.row)),
                     static_cast<int>(rng_.between(from.column, to.column))};
    if (place(contour, first, tail)) return true;
  }
  return false;
}

// Begins a contour at a distance from another's start, whatever stands there.
bool Growth::start_beside(Contour& contour, Point other, int distance) {
  for (int trial = 0; trial < kDashTrials; ++trial) {
    const Brush::Start& first = random_start();
    const double angle = rng_.below(360) * pi / 180;
    const Point tail{
        static_cast<int>(std::nearbyint(other.row + distance * elementary::sin(angle))),
        static_cast<int>(std::nearbyint(other.column + distance * elementary::cos(angle)))};
    if (place(contour, first, tail)) return true;
  }
  return false;
}

// Begins a contour anywhere in what the mask leaves free.
bool Growth::start_free(Contour& contour) {
  for (int trial = 0; trial < kDashTrials; ++trial) {
    const Brush::Start& first = random_start();
    const Stamp& stamp = brush_.stamps[first.stamp];
    if (!stamp.starts) return false;
    const std::optional<Point> tail = free_tail(stamp.solid);
    if (!tail) return false;
    if (place(contour, first, *tail)) return true;
  }
  return false;
}

const Brush::Start& Growth::random_start() {
  return brush_.starts[rng_.below(static_cast<int64_t>(brush_.starts.size()))];
}

bool Growth::place(Contour& contour, const Brush::Start& first, Point tail) const {
  const Point head = first.heading.from(tail, brush_.dash_length);
  const Point pivot = first.heading.reversed().from(head, brush_.dash_length + brush_.gap);
  if (!inside(head) || !inside(pivot)) return false;
  contour = {{{first.stamp, tail}}, {tail}, pivot, first.heading};
  return true;
}

// A random pixel from where every one of the `solid` offsets finds the mask free. The mask is laid
// out with a margin, so that one shift of the flat array serves all pixels at once.
std::optional<Point> Growth::free_tail(const std::vector<Point>& solid) {
  const int margin = brush_.reach + 1, stride = size_ + 2 * margin;
  std::vector<uint8_t> taken(stride * stride), blocked(stride * size_);
  for (int row = 0; row < size_; ++row)
    for (int column = 0; column < size_; ++column)
      taken[(row + margin) * stride + column + margin] = mask_.taken.at(row, column) > kTaken;
  for (const Point& offset : solid) {
    const int shift = (margin + offset.row) * stride + offset.column;
    for (int i = margin; i < stride * size_ - margin; ++i) blocked[i] |= taken[shift + i];
  }
  return random_zero(rng_, &blocked[margin], size_, size_, stride);
}

// Adds a dash: its tip is drawn from a circle around the next pivot, where smaller turns and freer
// pixels weigh more.
bool Growth::extend(Contour& contour) {
  const Point pivot = contour.heading.from(contour.pivot, brush_.dash_length + 2 * brush_.gap);
  sums_.clear();
  double sum = 0;
  for (const Brush::Turn& turn : brush_.turns)
    sums_.push_back(sum += weight(turn, pivot, contour.heading.angle));
  if (sum < 1e-4) return false;
  for (int trial = 0; trial < kDashTrials; ++trial) {
    const auto chosen = std::upper_bound(sums_.begin(), sums_.end() - 1, rng_.uniform() * sum);
    const Brush::Turn& turn = brush_.turns[chosen - sums_.begin()];
    const Dash dash{turn.stamp, {pivot.row + turn.tip.row, pivot.column + turn.tip.column}};
    if (touches(dash)) continue;
    enter(contour.dashes.back());
    contour.dashes.push_back(dash);
    contour.tips.push_back(dash.at);
    contour.pivot = pivot;
    contour.heading = turn.heading;
    return true;
  }
  return false;
}

double Growth::weight(const Brush::Turn& turn, Point pivot, double angle) const {
  const Point tip{pivot.row + turn.tip.row, pivot.column + turn.tip.column};
  if (!inside(tip)) return 0;
  const double apart = std::abs(turn.heading.angle - angle);
  const double bend = std::min(apart, 2 * pi - apart) * continuity_;
  if (bend >= pi / 2) return 0;
  const double cosine = elementary::cos(bend);
  return cosine * cosine * (1 - mask_.near.at(tip.row, tip.column) / 255.0);
}

bool Growth::touches(const Dash& dash) const {
  const Gray& stamp = brush_.stamps[dash.stamp].mask;
  int most = 0;
  for_overlap(size_, brush_.reach, dash.at, [&](int row, int column, int at) {
    most = std::max(most, mask_.taken.pixels[at] + stamp.at(row, column));
  });
  return most >= kTouching;
}

void Growth::enter(const Dash& dash) {
  const auto brighten = [&](Gray& picture, const Gray& stamp, int reach) {
    uint8_t* pixels =
        picture.pixels.data();  // a byte written through a vector may be its own pointer
    const uint8_t* light = stamp.pixels.data();
    for_overlap(size_, reach, dash.at, [=, width = stamp.width](int row, int column, int at) {
      pixels[at] = std::max(pixels[at], light[row * width + column]);
    });
  };
  const Stamp& stamp = brush_.stamps[dash.stamp];
  brighten(mask_.taken, stamp.mask, brush_.reach);
  brighten(mask_.near, stamp.near, brush_.reach + brush_.gap);
}

}  // namespace longhaul::pathfinder

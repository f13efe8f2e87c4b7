#include "tasks/pathfinder/brush.h"
#include "longhaul/elementary.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

namespace longhaul::pathfinder {
namespace {

using std::numbers::pi;

// Pixels of the circle of `radius` around (0, 0), one for each pixel of arc, without repeats.
std::vector<Point> circle(int radius) {
  const double step = 360 / (2 * radius * pi);
  std::set<std::pair<int, int>> seen;
  for (int i = 0; i * step < 360; ++i) {
    const double angle = i * step * pi / 180;
    seen.emplace(static_cast<int>(std::floor(radius * elementary::sin(angle))),
                 static_cast<int>(std::floor(radius * elementary::cos(angle))));
  }
  std::vector<Point> points;
  for (const auto& [row, column] : seen) points.push_back({row, column});
  return points;
}

// Whether each corner of a picture sees one of the points inside the picture. The original looks
// for a start by dilating its mask with `solid`; a pixel that sees none of it makes OpenCV return
// the lowest number there is, which the original takes for an error and gives the start up. So only
// dashes that head up and left, over their own tail, start a contour: few at size 32, more where
// dashes are wide.
bool seen_from_every_corner(const std::vector<Point>& points) {
  for (int down : {-1, 1})
    for (int right : {-1, 1})
      if (std::none_of(points.begin(), points.end(),
                       [&](Point p) { return p.row * down >= 0 && p.column * right >= 0; }))
        return false;
  return true;
}

}  // namespace

Heading::Heading(double radians)
    : angle(radians), sine(elementary::sin(radians)), cosine(elementary::cos(radians)) {}

Heading Heading::reversed() const { return Heading(angle < 0 ? angle + pi : angle - pi); }

Point Heading::from(Point start, int distance) const {
  return {static_cast<int>(std::ceil(start.row + distance * sine)),
          static_cast<int>(std::ceil(start.column + distance * cosine))};
}

Brush::Brush(int dash, double thickness, int gap_width)
    : dash_length(dash),
      gap(gap_width),
      reach(dash + static_cast<int>(std::ceil(thickness)) + gap_width),
      line_width_(static_cast<int>(std::lround(thickness * kFine))) {
  for (int degree = -180; degree < 180; ++degree) {
    const Heading heading(degree * pi / 180);
    starts.push_back({heading, stamp_towards(heading)});
  }
  for (const Point& tip : circle(dash_length + gap)) {
    const Heading heading(std::atan2(tip.row, tip.column));
    turns.push_back({tip, heading, stamp_towards(heading.reversed())});
  }
}

// Many headings share a stamp: a dash is drawn between whole pixels.
int Brush::stamp_towards(const Heading& heading) {
  const int middle = kFine * reach;
  const Point far_end = heading.from({middle, middle}, kFine * dash_length);
  const auto found = std::find(far_ends_.begin(), far_ends_.end(), far_end);
  if (found != far_ends_.end()) return static_cast<int>(found - far_ends_.begin());
  far_ends_.push_back(far_end);
  stamps.push_back(make_stamp(far_end));
  return static_cast<int>(stamps.size()) - 1;
}

Stamp Brush::make_stamp(Point far_end) const {
  const int middle = kFine * reach, fine = 2 * middle + 1, side = 2 * reach + 1;
  const std::vector<Tap> taps = lanczos(fine, side);
  Gray line(fine, fine);
  draw_line(line, {middle, middle}, far_end, line_width_);
  Stamp stamp;
  stamp.ink = resample(line, taps, taps);
  stamp.mask = resample(dilate(line, gap * kFine), taps, taps);
  Gray framed(side + 2 * gap, side + 2 * gap);
  for (int row = 0; row < side; ++row)
    for (int column = 0; column < side; ++column)
      framed.at(row + gap, column + gap) = stamp.mask.at(row, column);
  stamp.near = dilate(framed, gap);
  // The room a first dash asks for reaches one pixel further down and right than the dash, and no
  // further than a dash and a gap.
  const int limit = dash_length + gap;
  for (int row = 0; row < side; ++row) {
    for (int column = 0; column < side; ++column) {
      const Point seen{row - reach + 1, column - reach + 1};
      if (stamp.mask.at(row, column) == 255 && std::abs(seen.row) <= limit &&
          std::abs(seen.column) <= limit)
        stamp.solid.push_back(seen);
    }
  }
  for (const Point& p : stamp.solid) {
    stamp.top_left = {std::min(stamp.top_left.row, p.row),
                      std::min(stamp.top_left.column, p.column)};
    stamp.bottom_right = {std::max(stamp.bottom_right.row, p.row),
                          std::max(stamp.bottom_right.column, p.column)};
  }
  stamp.starts = seen_from_every_corner(stamp.solid);
  return stamp;
}

}  // namespace longhaul::pathfinder

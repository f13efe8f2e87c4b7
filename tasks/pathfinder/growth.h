#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "longhaul/rng.h"
#include "tasks/pathfinder/brush.h"
#include "tasks/pathfinder/raster.h"

namespace longhaul::pathfinder {

struct Dash {
  int stamp;
  Point at;  // the pixel under the stamp's middle
};

struct Contour {
  std::vector<Dash> dashes;
  std::vector<Point> tips;  // the start, then the far end of each dash after the first
  Point pivot;              // where the last dash, with its gap, begins
  Heading heading{0};       // of the last dash
};

// The contours of one picture while they grow, and the mask of what they have taken. A dash enters
// the mask when the next dash of its contour is found, so that neighbours may come close.
class Growth {
 public:
  // `continuity`: a contour never turns by more than 90 degrees / continuity.
  Growth(int size, double continuity, const Brush& brush, Rng& rng);

  // One attempt at two contours of `length` dashes in an empty picture, their starts
  // `seed_distance` apart; nothing if one of them runs out of room.
  std::optional<std::array<Contour, 2>> targets(int length, int seed_distance);

  // One attempt at a further contour, anywhere.
  std::optional<Contour> distractor(int length);

 private:
  struct Mask {
    Gray taken;  // 255 where no further dash may be
    Gray near;   // the brightest of `taken` within a gap
  };

  bool inside(Point p, int border = 0) const;
  bool full() const;
  bool start_central(Contour& contour, int border);
  bool start_beside(Contour& contour, Point other, int distance);
  bool start_free(Contour& contour);
  const Brush::Start& random_start();
  bool place(Contour& contour, const Brush::Start& first, Point tail) const;
  std::optional<Point> free_tail(const std::vector<Point>& solid);
  bool extend(Contour& contour);
  double weight(const Brush::Turn& turn, Point pivot, double angle) const;
  bool touches(const Dash& dash) const;
  void enter(const Dash& dash);

  int size_;
  double continuity_;
  const Brush& brush_;
  Rng& rng_;
  Mask empty_;  // the mask before any dash: the padding
  Mask mask_;
  std::vector<double> sums_;  // kept for its memory
};

}  // namespace longhaul::pathfinder

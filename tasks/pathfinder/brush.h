#pragma once

#include <vector>

#include "tasks/pathfinder/raster.h"

namespace longhaul::pathfinder {

constexpr int kFine = 2;  // shapes are drawn at this many times their size, then shrunk

// A direction, with what moving along it needs. Rows grow downwards, so a positive angle points
// down.
struct Heading {
  explicit Heading(double radians);

  Heading reversed() const;
  Point from(Point start, int distance) const;  // both coordinates rounded up

  double angle;  // in [-pi, pi]
  double sine, cosine;
};

// One dash, ready to be put on a picture: its near end stands in the middle of `ink` and of `mask`.
struct Stamp {
  Gray ink;
  Gray mask;                 // the ink widened by the gap: what other dashes must not touch
  Gray near;                 // the mask widened by the gap once more, `gap` larger on each side
  std::vector<Point> solid;  // where the mask of a first dash is fully set, seen from its near end
  Point top_left, bottom_right;  // the box around `solid`
  bool starts = false;           // whether a contour may start with this dash
};

// All dashes that can be drawn with one gap, and how contours of them turn.
class Brush {
 public:
  Brush(int dash_length, double thickness, int gap);

  struct Start {  // a first dash, drawn from its tail along `heading`
    Heading heading;
    int stamp;
  };
  struct Turn {       // a further dash, drawn from its tip back towards the pivot before it
    Point tip;        // seen from the pivot
    Heading heading;  // from the pivot to the tip
    int stamp;
  };

  int dash_length, gap;
  int reach;  // a stamp has 2 * reach + 1 rows and columns
  std::vector<Stamp> stamps;
  std::vector<Start> starts;  // one for each whole degree
  std::vector<Turn> turns;    // the pixels of a circle around the pivot

 private:
  int stamp_towards(const Heading& heading);
  Stamp make_stamp(Point far_end) const;

  int line_width_;               // at kFine times the size
  std::vector<Point> far_ends_;  // of the stamps, at kFine times the size
};

}  // namespace longhaul::pathfinder

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "longhaul/rng.h"
#include "tasks/pathfinder/brush.h"
#include "tasks/pathfinder/raster.h"

// The generator of Pathfinder pictures (Linsley et al. 2018, arXiv:1805.08315), apart from any
// task; pathfinder.cpp tells what the pictures show.
namespace longhaul::pathfinder {

enum class Difficulty { easy, medium, hard };

// The numbers behind one set of pictures; lengths are in pixels unless they count dashes.
struct Shape {
  int size;               // height and width
  int contour_length;     // dashes of a target contour
  int distractor_length;  // dashes of a distractor
  int distractors;        // tried for; one that finds no room is left out
  int seed_distance;      // between the starts of the two targets
  double marker_radius;
  int dash_length;
  double dash_thickness;   // a multiple of one half
  std::vector<int> gaps;   // half of the space between dashes; chosen anew for each picture
  double continuity;       // a contour never turns by more than 90 degrees / continuity
  double target_contrast;  // brightness where a marker's is 1, before a picture is scaled to 0..255
  double distractor_contrast;
};

// The published numbers for sizes 32, 64, 128 and 256, and a scaled-down set of our own for 16.
Shape standard_shape(int size, Difficulty difficulty);

// How many distractors of this length a standard picture of this size gets.
int standard_distractors(int size, int distractor_length);

// A picture and how it came about.
struct Picture {
  std::vector<uint8_t> pixels;  // [size * size], row-major, the brightest 255
  bool connected = false;       // the label: both markers stand on one contour
  std::array<Point, 2> markers;
  // Each contour's start, then the far end of each dash after the first. The first two contours are
  // the targets: markers stand at their first and last points.
  std::vector<std::vector<Point>> contours;
};

class Generator {
 public:
  explicit Generator(Shape shape);

  // Throws Error when two target contours do not find room in a million attempts.
  Picture draw(Rng& rng) const;

 private:
  Shape shape_;
  std::vector<Brush> brushes_;    // one for each gap
  std::vector<Tap> marker_taps_;  // shrink an axis from kFine times the size
};

}  // namespace longhaul::pathfinder

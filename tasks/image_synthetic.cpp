// The stand-in for Long Range Arena's Image (Tay et al. 2020, arXiv:2011.04006, section 2.2.4: grey
// CIFAR-10, pixel by pixel), made up so that it needs no download. No score on it compares with a
// published one; the task `image` reads the real pictures.
//
// A grey picture, read row by row: which of ten shapes stands in it?
//
//   0 disc  1 ring  2 square  3 frame  4 triangle  5 cross  6 bars  7 crescent  8 star  9 dumbbell
//
// The shape has any place, size and angle, is brighter or darker than what is around it, and lies
// on a slope of light under clutter (strokes and dots, which may cover it) and noise. Then the
// picture is equalised: its pixels, in order of their light, get the grey levels 0 .. 255, each
// equally often. So every picture has the same bag of pixels, which tells nothing.
//
//   four pixels of light   0.3 -1.2 0.9 0.1   get the levels   128 0 192 64
//   token = level + 1 (0 pads)                                 129 1 193 65
//
// With `shapes` below ten only the first of them occur. With `plain` they stand upright and bright
// on dark ground without a slope, and levels are light, not equalised: easier, for small models and
// few examples, and a bag of pixels knows how large the shape is.
//
// With `values`, a position has the level as a real number instead, (level - 127.5) / 73.9, which
// has mean 0 and standard deviation 1.
//
// Deviations from the original: drawn shapes instead of photographs of ten kinds of things, and the
// equalisation; `values` is how the S4 family reads that task.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/parts/scan_order.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

constexpr const char* kShapes[] = {"disc",  "ring", "square",   "frame", "triangle",
                                   "cross", "bars", "crescent", "star",  "dumbbell"};
constexpr int kMostShapes = 10;
constexpr int kLevels = 256;

// Whether the point (u, v) is inside a shape, which fills most of the disc of radius 1.
bool inside(int shape, double u, double v) {
  const double r = std::hypot(u, v), box = std::max(std::abs(u), std::abs(v));
  switch (shape) {
    case 0:
      return r < 0.85;
    case 1:
      return r < 0.95 && r > 0.6;
    case 2:
      return box < 0.7;
    case 3:
      return box < 0.8 && box > 0.5;
    case 4:
      return v > -0.5 && v < 1 - std::numbers::sqrt3 * std::abs(u);
    case 5:
      return box < 0.9 && std::min(std::abs(u), std::abs(v)) < 0.25;
    case 6:
      return box < 0.8 && std::abs(std::abs(v) - 0.5) < 0.22;
    case 7:
      return r < 0.95 && std::hypot(u - 0.5, v) > 0.75;
    case 8: {
      const double fifth = 2 * std::numbers::pi / 5;
      const double turn = std::abs(std::remainder(std::atan2(v, u), fifth)) / (fifth / 2);
      return r < 1 - 0.6 * turn;
    }
    default:
      return std::hypot(std::abs(u) - 0.65, v) < 0.35 || (box < 0.65 && std::abs(v) < 0.12);
  }
}

// A picture of light, of any range, black at first.
class Scene {
 public:
  explicit Scene(int64_t size) : size_(size), light_(size * size) {}

  void add_slope(Rng& rng) {
    const double angle = rng.uniform(0, 2 * std::numbers::pi), steepness = rng.uniform(0, 0.8);
    const double x = elementary::cos(angle) * steepness, y = elementary::sin(angle) * steepness;
    for_pixels([&](double row, double column, double& light) {
      light = (x * column + y * row) / static_cast<double>(size_);
    });
  }

  void add_shape(int shape, bool is_plain, Rng& rng) {
    const auto size = static_cast<double>(size_);
    const double radius = size * rng.uniform(0.22, 0.36);
    const double row = rng.uniform(radius, size - radius);
    const double column = rng.uniform(radius, size - radius);
    const double turn = rng.uniform(0, 2 * std::numbers::pi), angle = is_plain ? 0 : turn;
    const double x = elementary::cos(angle) / radius, y = elementary::sin(angle) / radius;
    const double side = sign(rng), contrast = (is_plain ? 1 : side) * rng.uniform(0.8, 1.2);
    for_pixels([&](double at_row, double at_column, double& light) {
      int covered = 0;  // of four points of the pixel
      for (const double up : {-0.25, 0.25})
        for (const double left : {-0.25, 0.25}) {
          const double down = at_row + up - row, right = at_column + left - column;
          covered += inside(shape, x * right + y * down, x * down - y * right);
        }
      light += contrast * covered / 4;
    });
  }

  // A stroke of some length, or a dot (none).
  void add_clutter(Rng& rng) {
    const auto size = static_cast<double>(size_);
    const double row = rng.uniform(0, size), column = rng.uniform(0, size);
    const double angle = rng.uniform(0, std::numbers::pi);
    const double length = rng.chance(0.6) ? size * rng.uniform(0.1, 0.3) : 0;
    const double width = size * (length > 0 ? rng.uniform(0.015, 0.03) : rng.uniform(0.03, 0.06));
    const double brightness = sign(rng) * rng.uniform(0.5, 1.2);
    const double x = elementary::cos(angle), y = elementary::sin(angle);
    for_pixels([&](double at_row, double at_column, double& light) {
      const double down = at_row - row, right = at_column - column;
      const double along = std::clamp(x * right + y * down, -length / 2, length / 2);
      if (std::hypot(right - x * along, down - y * along) < width) light = brightness;
    });
  }

  void add_noise(double deviation, Rng& rng) {
    for (double& light : light_) light += deviation * rng.normal();
  }

  // The grey level of each pixel, all levels equally often.
  std::vector<int32_t> equalised() const {
    std::vector<int64_t> order(light_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return light_[a] < light_[b]; });
    const auto pixels = static_cast<int64_t>(order.size());
    std::vector<int32_t> levels(order.size());
    for (int64_t i = 0; i < pixels; ++i)
      levels[order[i]] = static_cast<int32_t>(i * kLevels / pixels);
    return levels;
  }

  // From darkness, 0, to the brightest that a shape can be.
  std::vector<int32_t> as_lit() const {
    std::vector<int32_t> levels;
    for (double light : light_)
      levels.push_back(static_cast<int32_t>(std::clamp(light / 1.2, 0.0, 1.0) * (kLevels - 1)));
    return levels;
  }

 private:
  static double sign(Rng& rng) { return rng.below(2) == 1 ? 1 : -1; }

  template <class F>
  void for_pixels(F f) {
    for (int64_t row = 0; row < size_; ++row)
      for (int64_t column = 0; column < size_; ++column)
        f(static_cast<double>(row) + 0.5, static_cast<double>(column) + 0.5,
          light_[row * size_ + column]);
  }

  int64_t size_;
  std::vector<double> light_;
};

class ImageSynthetic final : public Task {
 public:
  explicit ImageSynthetic(Options& options)
      : size_(options.integer("size", 32, "pixels of a side", 8, 256)),
        shapes_(options.integer("shapes", kMostShapes, "how many kinds, from the disc on", 2,
                                kMostShapes)),
        is_plain_(options.flag("plain", false, "shapes upright and bright on dark ground")),
        clutter_(options.integer("clutter", 6, "strokes and dots beside the shape", 0, 100)),
        noise_(options.number("noise", 0.15,
                              "standard deviation of each pixel's light; the shape has about 1",
                              0.001, 10)),
        values_(options.flag("values", false, "real numbers instead of tokens")),
        scan_(ScanOrder::read(options), size_, size_) {}

  int version() const override { return 1; }
  int64_t vocab() const override { return values_ ? 0 : kLevels + 1; }
  int64_t channels() const override { return values_ ? 1 : 0; }
  int64_t classes() const override { return shapes_; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return size_ * size_; }

  Example draw(Rng& rng) const override {
    const auto shape = static_cast<int32_t>(rng.below(shapes_));
    Scene scene(size_);
    if (!is_plain_) scene.add_slope(rng);
    scene.add_shape(shape, is_plain_, rng);
    for (int64_t i = 0; i < clutter_; ++i) scene.add_clutter(rng);
    scene.add_noise(noise_, rng);
    Example example;
    example.targets = {shape};
    for (int32_t level : is_plain_ ? scene.as_lit() : scene.equalised())
      if (values_)
        example.values.push_back((static_cast<float>(level) - 127.5f) / 73.9f);
      else
        example.tokens.push_back(level + 1);
    return scan_.scanned(std::move(example));
  }

  OptionMap at_length(int64_t length) const override {
    const auto size = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(length))));
    require(size >= 8 && size <= 256 && size * size == length, "image_synthetic: no picture has ",
            length, " pixels; allowed: squares of 8 .. 256, such as ", 64 * 64);
    return {{"size", size}};
  }

  bool shallow_is_bag_of_tokens() const override { return true; }

  Picture picture() const override { return {.width = size_, .height = size_}; }

  std::string show(const Example& example) const override {
    std::string shown = Task::show(scan_.by_rows(example));
    shown.pop_back();
    return shown + ", " + kShapes[example.targets[0]] + '\n';
  }

 private:
  int64_t size_, shapes_;
  bool is_plain_;
  int64_t clutter_;
  double noise_;
  bool values_;
  ScanOrder scan_;
};

}  // namespace

LONGHAUL_PLUGIN(image_synthetic) {
  registry.task<ImageSynthetic>(
      {.name = "image_synthetic",
       .about = "which of ten drawn shapes stands in a grey picture?",
       .source = "stands in for Image of Tay et al. 2020, arXiv:2011.04006",
       .published =
           "None: it stands in for Long Range Arena's Image, whose figures do not compare."});
}

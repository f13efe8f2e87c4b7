#include "tasks/pathfinder/image.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "longhaul/error.h"
#include "tasks/pathfinder/growth.h"

namespace longhaul::pathfinder {
namespace {

constexpr int kDistractorTrials = 5;    // draws of one distractor before it is left out
constexpr int kTargetTrials = 1000000;  // draws of the pair of targets

// The brightest of what lies on each pixel.
class Canvas {
 public:
  explicit Canvas(int size) : size_(size), light_(size * size) {}

  void add(const Contour& contour, const Brush& brush, double contrast) {
    const auto tone = static_cast<float>(contrast);
    for (const Dash& dash : contour.dashes) {
      const Gray& ink = brush.stamps[dash.stamp].ink;
      for_overlap(size_, brush.reach, dash.at, [&](int row, int column, int at) {
        // In single precision, as the original: at contrast 1.5 every other value is a tie of the
        // last rounding, which this decides.
        const float light = static_cast<float>(ink.at(row, column) / 255.0) * tone;
        light_[at] = std::max<double>(light_[at], light);
      });
    }
  }

  // A filled circle of light 1, drawn fine and shrunk; only the rows and columns it can reach.
  void add_marker(Point centre, double radius, const std::vector<Tap>& taps) {
    const double fine_radius = radius * kFine;
    Gray fine(size_ * kFine, size_ * kFine);
    const int lobes = 4;  // the kernel's three, rounded up
    const int reach = static_cast<int>(std::ceil(radius)) + lobes;
    const int top = std::max(0, centre.row - reach), left = std::max(0, centre.column - reach);
    const int bottom = std::min(size_, centre.row + reach + 1);
    const int right = std::min(size_, centre.column + reach + 1);
    for (int row = top * kFine; row < bottom * kFine; ++row) {
      for (int column = left * kFine; column < right * kFine; ++column) {
        const int dy = row - centre.row * kFine, dx = column - centre.column * kFine;
        if (dy * dy + dx * dx <= fine_radius * fine_radius) fine.at(row, column) = 255;
      }
    }
    const std::span<const Tap> all(taps);
    const Gray disc =
        resample(fine, all.subspan(top, bottom - top), all.subspan(left, right - left));
    for (int row = 0; row < disc.height; ++row)
      for (int column = 0; column < disc.width; ++column) {
        double& light = light_[(row + top) * size_ + column + left];
        light = std::max(light, disc.at(row, column) / 255.0);
      }
  }

  // Darkest to 0 and brightest to 255: a picture with brighter distractors has darker targets.
  std::vector<uint8_t> pixels() const {
    const auto [darkest, brightest] = std::minmax_element(light_.begin(), light_.end());
    const double low = *darkest, scale = 255 / (*brightest - low);
    std::vector<uint8_t> pixels(light_.size());
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = static_cast<uint8_t>(std::lround((light_[i] - low) * scale));
    return pixels;
  }

 private:
  int size_;
  std::vector<double> light_;
};

}  // namespace

Shape standard_shape(int size, Difficulty difficulty) {
  static constexpr int lengths[] = {6, 9, 14}, lengths_16[] = {3, 4, 6};
  const int length = (size == 16 ? lengths_16 : lengths)[static_cast<int>(difficulty)];
  const int distractor = size == 16 ? 2 : length / 3;
  const int count = standard_distractors(size, distractor);
  switch (size) {
    case 16:
      return {16, length, distractor, count, 3, 1, 2, 0.5, {1}, 1, 1.5, 2};
    case 32:
      return {32, length, distractor, count, 7, 1.5, 2, 0.5, {1}, 1, 1.5, 2};
    case 64:
      return {64, length, distractor, count, 12, 2.5, 5, 1, {1}, 1.8, 0.8, 0.8};
    case 128:
      return {128, length, distractor, count, 20, 3, 5, 1.5, {2, 3}, 1.8, 0.9, 0.9};
    default:
      return {256, length, distractor, count, 20, 5, 5, 2, {3}, 1.8, 1, 1};
  }
}

int standard_distractors(int size, int distractor_length) {
  const int dashes = size == 16 ? 5 : size == 32 ? 20 : size == 64 ? 22 : size == 128 ? 35 : 30;
  return dashes / distractor_length;
}

Generator::Generator(Shape shape)
    : shape_(std::move(shape)), marker_taps_(lanczos(kFine * shape_.size, shape_.size)) {
  for (int gap : shape_.gaps) brushes_.emplace_back(shape_.dash_length, shape_.dash_thickness, gap);
}

Picture Generator::draw(Rng& rng) const {
  Picture picture;
  picture.connected = rng.below(2) == 1;
  const Brush& brush = brushes_[rng.below(brushes_.size())];
  Growth growth(shape_.size, shape_.continuity, brush, rng);
  std::optional<std::array<Contour, 2>> targets;
  for (int trial = 0; trial < kTargetTrials && !targets; ++trial)
    targets = growth.targets(shape_.contour_length, shape_.seed_distance);
  require(targets.has_value(), "pathfinder: two contours of ", shape_.contour_length,
          " dashes do not find room in ", shape_.size, " x ", shape_.size, " pixels");

  Canvas canvas(shape_.size);
  for (const Contour& target : *targets) {
    canvas.add(target, brush, shape_.target_contrast);
    picture.contours.push_back(target.tips);
  }
  for (int i = 0; i < shape_.distractors; ++i) {
    std::optional<Contour> distractor;
    for (int trial = 0; trial < kDistractorTrials && !distractor; ++trial)
      distractor = growth.distractor(shape_.distractor_length);
    if (!distractor) continue;
    canvas.add(*distractor, brush, shape_.distractor_contrast);
    picture.contours.push_back(distractor->tips);
  }
  const int64_t first = rng.below(2), last = picture.connected ? first : 1 - first;
  picture.markers = {(*targets)[first].tips.front(), (*targets)[last].tips.back()};
  for (const Point& marker : picture.markers)
    canvas.add_marker(marker, shape_.marker_radius, marker_taps_);
  picture.pixels = canvas.pixels();
  return picture;
}

}  // namespace longhaul::pathfinder

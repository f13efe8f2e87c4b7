#include "tasks/pathfinder_image.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include "longhaul/error.h"

namespace longhaul::pathfinder {
namespace {

using std::numbers::pi;

constexpr int kPadding = 1;            // the border that masks stay out of
constexpr int kDashTrials = 3;         // draws of one dash before its contour is given up
constexpr int kDistractorTrials = 5;   // draws of one distractor before it is left out
constexpr int kTargetTrials = 100000;  // draws of the pair of targets
constexpr int kTouching = 459;         // two masks of together 1.8 * 255 may not meet
constexpr int kTaken = 76;             // a first dash may cover masks up to 0.3 * 255
constexpr double kFullShare = 0.01;    // no distractor is tried where less of the mask is free

struct Dash {
  int stamp;
  Point at;  // the pixel under the stamp's middle
};

struct Contour {
  std::vector<Dash> dashes;
  std::vector<Point> tips;  // as Picture::contours
  Point pivot;              // where the last dash, with its gap, begins
  Heading heading{0};       // of the last dash
};

// Calls f(stamp row, stamp column, picture index) over the part of a stamp inside the picture.
template <class F>
void for_overlap(int size, int reach, Point at, F f) {
  const int top = std::max(0, at.row - reach), bottom = std::min(size - 1, at.row + reach);
  const int left = std::max(0, at.column - reach), right = std::min(size - 1, at.column + reach);
  for (int row = top; row <= bottom; ++row)
    for (int column = left; column <= right; ++column)
      f(row - at.row + reach, column - at.column + reach, row * size + column);
}

// The contours of one picture while they grow, and the mask of what is taken already. A dash enters
// the mask when the next dash of its contour is found, so that neighbours may come close.
class Growth {
 public:
  Growth(const Shape& shape, const Brush& brush, Rng& rng)
      : shape_(shape), brush_(brush), rng_(rng), mask_(shape.size, shape.size) {
    clear();
  }

  // Two contours side by side, or nothing if one of them runs out of room.
  std::optional<std::array<Contour, 2>> targets() {
    clear();
    std::array<Contour, 2> pair;
    if (!start(pair[0], 2 * shape_.seed_distance) || !start_beside(pair[1], pair[0].tips[0])) return {};
    for (int i = 1; i < shape_.contour_length; ++i)
      if (!extend(pair[0]) || !extend(pair[1])) return {};
    // The last dash of the first target stays out of the mask, as in the released pictures.
    enter(pair[1].dashes.back());
    return pair;
  }

  std::optional<Contour> distractor() {
    const Gray before = mask_;
    Contour contour;
    bool grown = !full() && start(contour, 1);
    for (int i = 1; grown && i < shape_.distractor_length; ++i) grown = extend(contour);
    if (!grown) {
      mask_ = before;
      return {};
    }
    enter(contour.dashes.back());
    return contour;
  }

 private:
  void clear() {
    for (int row = 0; row < shape_.size; ++row)
      for (int column = 0; column < shape_.size; ++column)
        mask_.at(row, column) = inside({row, column}, kPadding) ? 0 : 255;
  }

  bool inside(Point p, int border = 0) const {
    const int end = shape_.size - border;
    return p.row >= border && p.row < end && p.column >= border && p.column < end;
  }

  bool full() const {
    const auto room = std::count_if(mask_.pixels.begin(), mask_.pixels.end(),
                                    [](uint8_t value) { return value <= kTaken; });
    return room < kFullShare * mask_.pixels.size();
  }

  // Begins a contour at a free place at least `border` pixels from the edge.
  bool start(Contour& contour, int border) {
    for (int trial = 0; trial < kDashTrials; ++trial) {
      const Brush::Start& first = brush_.starts[rng_.below(brush_.starts.size())];
      const Stamp& stamp = brush_.stamps[first.stamp];
      if (!stamp.starts) return false;
      const std::optional<Point> tail = free_tail(stamp.solid, border);
      if (!tail) return false;
      if (place(contour, first, *tail)) return true;
    }
    return false;
  }

  // Begins a contour at the seed distance from another's start, whatever stands there.
  bool start_beside(Contour& contour, Point other) {
    for (int trial = 0; trial < kDashTrials; ++trial) {
      const Brush::Start& first = brush_.starts[rng_.below(brush_.starts.size())];
      const double angle = rng_.below(360) * pi / 180;
      const Point tail{
          static_cast<int>(std::nearbyint(other.row + shape_.seed_distance * std::sin(angle))),
          static_cast<int>(std::nearbyint(other.column + shape_.seed_distance * std::cos(angle)))};
      if (place(contour, first, tail)) return true;
    }
    return false;
  }

  bool place(Contour& contour, const Brush::Start& first, Point tail) const {
    const Point head = first.heading.from(tail, brush_.dash_length);
    const Point pivot = first.heading.reversed().from(head, brush_.dash_length + brush_.gap);
    if (!inside(head) || !inside(pivot)) return false;
    contour = {{{first.stamp, tail}}, {tail}, pivot, first.heading};
    return true;
  }

  // A random pixel from where every one of the `solid` offsets finds the mask free. The mask is laid
  // out with a margin, so that one shift of the flat array serves all pixels at once.
  std::optional<Point> free_tail(const std::vector<Point>& solid, int border) {
    const int size = shape_.size, margin = brush_.reach + 1, stride = size + 2 * margin;
    taken_.assign(stride * stride, 0);
    for (int row = 0; row < size; ++row)
      for (int column = 0; column < size; ++column)
        taken_[(row + margin) * stride + column + margin] =
            mask_.at(row, column) > kTaken || !inside({row, column}, border);
    blocked_.assign(stride * size, 0);
    for (const Point& offset : solid) {
      const int first = (margin + offset.row) * stride + offset.column;
      const int skip = std::max(0, -first), end = std::min(stride * size, stride * stride - first);
      for (int i = skip; i < end; ++i) blocked_[i] |= taken_[first + i];
    }
    return random_zero(stride, margin);
  }

  // A random zero among the picture's columns of blocked_.
  std::optional<Point> random_zero(int stride, int margin) {
    const auto row_begin = [&](int row) { return blocked_.begin() + row * stride + margin; };
    int64_t zeros = 0;
    for (int row = 0; row < shape_.size; ++row)
      zeros += std::count(row_begin(row), row_begin(row) + shape_.size, 0);
    if (zeros == 0) return {};
    int64_t skip = rng_.below(zeros);
    for (int row = 0; row < shape_.size; ++row)
      for (int column = 0; column < shape_.size; ++column)
        if (*(row_begin(row) + column) == 0 && skip-- == 0) return Point{row, column};
    return {};
  }

  // Adds a dash: its tip is drawn from a circle around the next pivot, where smaller turns and freer
  // pixels weigh more.
  bool extend(Contour& contour) {
    const Point pivot = contour.heading.from(contour.pivot, brush_.dash_length + 2 * brush_.gap);
    sums_.clear();
    double sum = 0;
    for (const Brush::Turn& turn : brush_.turns)
      sums_.push_back(sum += weight(turn, pivot, contour.heading.angle));
    if (sum < 1e-4) return false;
    for (int trial = 0; trial < kDashTrials; ++trial) {
      const auto chosen = std::upper_bound(sums_.begin(), sums_.end(), rng_.uniform() * sum);
      const Brush::Turn& turn = brush_.turns[std::min(chosen, sums_.end() - 1) - sums_.begin()];
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

  double weight(const Brush::Turn& turn, Point pivot, double angle) const {
    const Point tip{pivot.row + turn.tip.row, pivot.column + turn.tip.column};
    if (!inside(tip)) return 0;
    const double apart = std::abs(turn.heading.angle - angle);
    const double bend = std::min(apart, 2 * pi - apart) * shape_.continuity;
    if (bend >= pi / 2) return 0;
    const double cosine = std::cos(bend);
    return cosine * cosine * (1 - widest_mask(tip) / 255.0);
  }

  int widest_mask(Point p) const {  // within a gap of p
    int widest = 0;
    for_overlap(shape_.size, brush_.gap, p, [&](int row, int column, int at) {
      const int dy = row - brush_.gap, dx = column - brush_.gap;
      if (dy * dy + dx * dx <= brush_.gap * brush_.gap)
        widest = std::max<int>(widest, mask_.pixels[at]);
    });
    return widest;
  }

  bool touches(const Dash& dash) const {
    const Gray& stamp = brush_.stamps[dash.stamp].mask;
    int most = 0;
    for_overlap(shape_.size, brush_.reach, dash.at, [&](int row, int column, int at) {
      most = std::max(most, mask_.pixels[at] + stamp.at(row, column));
    });
    return most >= kTouching;
  }

  void enter(const Dash& dash) {
    const Gray& stamp = brush_.stamps[dash.stamp].mask;
    for_overlap(shape_.size, brush_.reach, dash.at, [&](int row, int column, int at) {
      mask_.pixels[at] = std::max(mask_.pixels[at], stamp.at(row, column));
    });
  }

  const Shape& shape_;
  const Brush& brush_;
  Rng& rng_;
  Gray mask_;
  std::vector<uint8_t> taken_, blocked_;  // kept for their memory
  std::vector<double> sums_;
};

// The brightest of what lies on each pixel.
class Canvas {
 public:
  explicit Canvas(int size) : size_(size), light_(size * size) {}

  void add(const Contour& contour, const Brush& brush, double contrast) {
    for (const Dash& dash : contour.dashes) {
      const Gray& ink = brush.stamps[dash.stamp].ink;
      for_overlap(size_, brush.reach, dash.at, [&](int row, int column, int at) {
        light_[at] = std::max(light_[at], ink.at(row, column) / 255.0 * contrast);
      });
    }
  }

  // A filled circle of light 1, drawn fine and shrunk; only the rows and columns it can reach.
  void add_marker(Point centre, double radius, const std::vector<Tap>& taps) {
    const double fine_radius = radius * kFine;
    Gray fine(size_ * kFine, size_ * kFine);
    const int reach = static_cast<int>(std::ceil(radius)) + 4;  // the kernel's three lobes, rounded up
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
      pixels[i] = static_cast<uint8_t>((light_[i] - low) * scale + 0.5);
    return pixels;
  }

 private:
  int size_;
  std::vector<double> light_;
};

}  // namespace

Shape standard_shape(int size, Difficulty difficulty) {
  const int cl[] = {6, 9, 14};
  const int short_cl[] = {3, 4, 6};
  const int level = static_cast<int>(difficulty);
  const int length = size == 16 ? short_cl[level] : cl[level];
  const int distractor = size == 16 ? 2 : length / 3;
  const int count = standard_distractors(size, distractor);
  switch (size) {
    case 16:
      return {16, length, distractor, count, 3, 1, 2, 0.5, {1}, 1, 1.5, 2};
    case 32:
      return {32, length, distractor, count, 7, 1.5, 2, 0.5, {1}, 1, 1.5, 2};
    case 64:
      return {64, length, distractor, count, 12, 2.5, 5, 1, {1}, 1.8, 0.8, 1};
    case 128:
      return {128, length, distractor, count, 20, 3, 5, 1.5, {2, 3}, 1.8, 0.9, 1};
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
  for (int gap : shape_.gaps)
    brushes_.emplace_back(shape_.dash_length, shape_.dash_thickness, gap);
}

Picture Generator::draw(Rng& rng) const {
  Picture picture;
  picture.connected = rng.below(2) == 1;
  const Brush& brush = brushes_[rng.below(brushes_.size())];
  Growth growth(shape_, brush, rng);
  std::optional<std::array<Contour, 2>> targets;
  for (int trial = 0; trial < kTargetTrials && !targets; ++trial) targets = growth.targets();
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
      distractor = growth.distractor();
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

// Pathfinder (Linsley et al. 2018, arXiv:1805.08315; Tay et al. 2020, "Long Range Arena",
// arXiv:2011.04006): are the two markers joined by a dashed contour? Path-X (path_x) is size 128.
//
// A picture holds two long dashed contours, shorter distractors, and two round markers: one on an
// end of one target contour, the other on the opposite end of the same contour (label 1) or of the
// other (label 0). It is read as one sequence, row by row.
//
//   size 16, easy; empty rows are left out       label 1: one contour joins the markers
//   |          ░░▓▓
//   |          ▓▓██░░
//   |          ▓▓▒▒▓▓
//   |        ▒▒░░  ▒▒░░
//   |        ░░▓▓    ▒▒
//   |          ▒▒░░  ▒▒▒▒
//   |          ░░▓▓▓▓  ▓▓
//   |            ▓▓██░░▓▓▒▒
//   |              ░░    ▒▒
//
// A token is a pixel plus 1, since id 0 pads: black is a symbol as any other, vocabulary 257. (Long
// Range Arena's models take pixel 0 for padding and so mask two thirds of each picture.) With
// `values`, a position has the pixel as a real number instead, pixel / 127.5 - 1, as the models of
// S4, S5 and LRU read it.
//
// Pictures follow the released generator step by step, its drawing bit by bit, quirks included: the
// first dash heads up and left (tasks/pathfinder/brush.cpp says why), which leaves out three in
// four distractors at size 32; the mask forgets one last dash; each picture is stretched to 0..255,
// and at size 32 distractors are brighter than targets. Where its sources differ:
// - the count of distractors follows the length of this difficulty's distractors, not that of easy
//   ones: so do pictures made with the original at size 32, hard (mean 20.2; 20.2 here, 22.2 else);
// - at sizes 64, 128 and 256 distractors are as bright as targets: so are those of a regenerated
//   Path-X (mean 7.9; 7.9 here, 8.3 else). `distractor_contrast` changes it.
// Size 16 is our own, for quick runs: the dashes of size 32 in contours of 3, 4 and 6, distractors
// of 2, and a marker of radius 1, which fill a picture about as much.
//
// With `data` pictures are those of one difficulty of a release (pathfinder_files.h).
//
// Of hard pictures alone a model may learn nothing for long. A training set that has easy ones too
// gets it started: difficulty: mixed, with evaluate: {test_sets: [ordinary, hard]}.
//
// Shallow baseline: how far the markers are apart. The ends of one contour are seldom close, so
// that alone is right in 52 to 58 of 100 pictures; their brightness tells nothing.

#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/scan_order.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"
#include "tasks/files/pathfinder_files.h"
#include "tasks/pathfinder/image.h"

namespace {
using namespace longhaul;
namespace pf = longhaul::pathfinder;

std::vector<pf::Difficulty> difficulties_of(const std::string& name) {
  if (name == "easy") return {pf::Difficulty::easy};
  if (name == "medium") return {pf::Difficulty::medium};
  if (name == "hard") return {pf::Difficulty::hard};
  return {pf::Difficulty::easy, pf::Difficulty::medium, pf::Difficulty::hard};
}

// What is drawn: the difficulty, or, of a test set, that in its place.
std::string read_difficulty(Options& options) {
  const std::string difficulty =
      options.choice("difficulty", "hard", {"easy", "medium", "hard", "mixed"},
                     "target contours of 6, 9 or 14 dashes (3, 4 or 6 at size 16), or one of these "
                     "by chance");
  const std::string test_set =
      options.choice("test_set", "ordinary", {"ordinary", "easy", "medium", "hard"},
                     "pictures of another difficulty; ordinary: as the option says");
  return test_set == "ordinary" ? difficulty : test_set;
}

// The standard numbers of a size and its difficulties, and what the user sets instead.
std::vector<pf::Shape> read_shapes(Options& options, int size, const std::string& difficulty) {
  std::vector<pf::Shape> standard;
  for (const pf::Difficulty one : difficulties_of(difficulty))
    standard.push_back(pf::standard_shape(size, one));

  std::vector<pf::Shape> shapes = standard;
  // Whether a number takes the place of the published one, for which -1 stands.
  const auto is_given = [&](const char* name, auto value, auto low, auto high) {
    if (value != -1 && value < low)
      options.problem(name, text("found ", value, ", allowed: ", low, " .. ", high,
                                 ", or -1 for the published number"));
    return value >= low;
  };
  const auto integer = [&](const char* name, int pf::Shape::*number, const char* description,
                           int low, int high) {
    const int64_t value = options.integer(name, -1, description, -1, high);
    if (is_given(name, value, low, high))
      for (pf::Shape& shape : shapes) shape.*number = static_cast<int>(value);
  };
  const auto real = [&](const char* name, double pf::Shape::*number, const char* description,
                        double low, double high) {
    const double value = options.number(name, -1, description, -1, high);
    if (is_given(name, value, low, high))
      for (pf::Shape& shape : shapes) shape.*number = value;
  };
  integer("contour_length", &pf::Shape::contour_length,
          "dashes of a target; -1, here and below: as published for this size and difficulty", 1,
          100);
  integer("distractor_length", &pf::Shape::distractor_length, "dashes of a distractor", 1, 100);
  const int64_t distractors =
      options.integer("distractors", -1, "distractors tried for; -1: as published", -1, 1000);
  for (pf::Shape& shape : shapes)
    shape.distractors = distractors >= 0 ? static_cast<int>(distractors)
                                         : pf::standard_distractors(size, shape.distractor_length);
  integer("seed_distance", &pf::Shape::seed_distance, "pixels between the starts of the targets", 1,
          63);
  if (const int distance = shapes[0].seed_distance; 4 * distance >= size)
    options.problem("seed_distance",
                    text("found ", distance, ", allowed: less than a quarter of size ", size));
  real("marker_radius", &pf::Shape::marker_radius, "pixels", 0.1, 32);
  integer("dash_length", &pf::Shape::dash_length, "pixels", 1, 32);
  real("dash_thickness", &pf::Shape::dash_thickness, "pixels, a multiple of 0.5", 0.5, 8);
  if (const double thickness = shapes[0].dash_thickness; std::fmod(thickness, 0.5) != 0)
    options.problem("dash_thickness", text("found ", thickness, ", allowed: multiples of 0.5"));
  const int64_t gap = options.integer(
      "gap", -1, "pixels, half of the space between dashes; size 128 has 2 or 3", -1, 16);
  if (is_given("gap", gap, 1, 16))
    for (pf::Shape& shape : shapes) shape.gaps = {static_cast<int>(gap)};
  real("continuity", &pf::Shape::continuity,
       "contours never turn by more than 90 degrees over this", 0, 10);
  real("target_contrast", &pf::Shape::target_contrast,
       "brightness of targets, where markers have 1", 0, 10);
  real("distractor_contrast", &pf::Shape::distractor_contrast, "brightness of distractors", 0, 10);
  return options.problems().empty() ? shapes : standard;
}

class Pathfinder final : public Task {
 public:
  Pathfinder(Options& options, const std::string& standard_size) {
    const std::string folder = options.path("data", "",
                                            "folder of imgs/ and metadata/, or of difficulties; of "
                                            "all below, difficulty, test_set, values and scan "
                                            "alone count then");
    const bool skip = options.flag("skip_unreadable", false,
                                   "decode every picture of data first and leave out the bad");
    const int size =
        std::stoi(options.choice("size", standard_size, {"16", "32", "64", "128", "256"},
                                 "pixels of a side; 128 is Path-X"));
    const std::string difficulty = read_difficulty(options);
    const std::vector<pf::Shape> shapes = read_shapes(options, size, difficulty);
    pf::Shape shape = shapes[0];
    values_ = options.flag("values", false, "real numbers instead of tokens");
    const std::string scan = ScanOrder::read(options);
    if (folder.empty()) {
      for (const pf::Shape& one : shapes) generators_.emplace_back(one);
    } else {
      if (difficulty == "mixed")
        options.problem("difficulty", "found 'mixed', allowed with data: easy | medium | hard");
      files_.emplace(pf::folder_of_difficulty(folder, difficulty), skip);
      shape = pf::standard_shape(files_->side(), pf::Difficulty::hard);  // for its markers
    }
    size_ = shape.size;
    scan_ = ScanOrder(scan, size_, size_);
    box_ = 2 * static_cast<int>(shape.marker_radius) + 1;
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return values_ ? 0 : 257; }
  int64_t channels() const override { return values_ ? 1 : 0; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return int64_t{size_} * size_; }

  int64_t count(Split split) const override { return files_ ? files_->count(split) : 0; }
  Example at(Split split, int64_t index) const override {
    return as_read(files_->at(split, index));
  }

  Example draw(Rng& rng) const override {
    const pf::Picture picture =
        generators_[generators_.size() == 1 ? 0 : rng.below(generators_.size())].draw(rng);
    Example example;
    for (uint8_t pixel : picture.pixels) example.tokens.push_back(pixel + 1);
    example.targets = {picture.connected};
    return as_read(std::move(example));
  }

  OptionMap at_length(int64_t length) const override {
    for (int64_t size : {16, 32, 64, 128, 256})
      if (size * size == length) return {{"size", std::to_string(size)}};
    throw Error(text("pathfinder: no picture has ", length,
                     " pixels; allowed: 256, 1024, 4096, 16384 and 65536"));
  }

  // The markers' distance, in steps of one pixel at size 32. Markers are the two brightest discs.
  Shallow shallow(const Example& scanned, int64_t) const override {
    const Example example = scan_.by_rows(scanned);
    const pf::Point first = brightest_disc(example, {-size_, -size_});
    const pf::Point second = brightest_disc(example, first);
    const double distance = std::hypot(first.row - second.row, first.column - second.column);
    return {.key = static_cast<int64_t>(distance * 32 / size_)};
  }

  Picture picture() const override { return {.width = size_, .height = size_}; }

  std::string show(const Example& example) const override {
    std::string shown = Task::show(scan_.by_rows(example));
    shown.pop_back();
    return shown + (example.targets[0] == 1 ? ": one contour joins the markers\n"
                                            : ": the markers stand on two contours\n");
  }

 private:
  // Of tokens row by row.
  Example as_read(Example example) const {
    if (values_) {
      for (const int32_t token : example.tokens)
        example.values.push_back(static_cast<float>(token - 1) / 127.5f - 1);
      example.tokens.clear();
    }
    return scan_.scanned(std::move(example));
  }

  int pixel(const Example& example, int64_t row, int64_t column) const {
    const int64_t at = row * size_ + column;
    if (!values_) return example.tokens[at] - 1;
    return static_cast<int>(std::lround((example.values[at] + 1) * 127.5f));
  }

  // The corner of the box, as wide as a marker, with the most light; none that overlaps `other`'s.
  pf::Point brightest_disc(const Example& example, pf::Point other) const {
    pf::Point best;
    int most = -1;
    for (int row = 0; row + box_ <= size_; ++row) {
      std::vector<int> columns(size_);
      for (int i = 0; i < box_; ++i)
        for (int column = 0; column < size_; ++column)
          columns[column] += pixel(example, row + i, column);
      for (int column = 0; column + box_ <= size_; ++column) {
        if (std::abs(row - other.row) < box_ && std::abs(column - other.column) < box_) continue;
        int light = 0;
        for (int i = 0; i < box_; ++i) light += columns[column + i];
        if (light > most) {
          most = light;
          best = {row, column};
        }
      }
    }
    return best;
  }

  std::vector<pf::Generator> generators_;  // one of them by chance, or
  std::optional<pf::Files> files_;
  bool values_;
  ScanOrder scan_;
  int size_;
  int box_;  // pixels across a marker
};

}  // namespace

LONGHAUL_PLUGIN(pathfinder) {
  const auto add = [&](const char* name, const char* about, const char* size,
                       const char* published) {
    registry.add(TaskInfo{
        .name = name,
        .about = about,
        .source = "Linsley et al. 2018, arXiv:1805.08315; Tay et al. 2020, "
                  "arXiv:2011.04006",
        .published = published,
        .make = [size](Options& options) { return std::make_unique<Pathfinder>(options, size); }});
  };
  add("pathfinder", "do two markers stand on one dashed contour?", "32",

      "accuracy in percent, task as here\n"
      "Tay et al. 2020, table 1: Transformer 71.4, Performer 77.1, Linformer 76.3, Linear "
      "Transformer 75.3\n"
      "Gu et al. 2022, repository: S4 94.0; Smith et al. 2023: S5 95.3; Orvieto et al. 2023: LRU "
      "95.1");
  add("path_x", "pathfinder in pictures of 128 x 128: 16384 tokens", "128",

      "accuracy in percent, task as here\n"
      "Tay et al. 2020, table 1: no model above chance\n"
      "Gu et al. 2022, repository: S4 96.0; Smith et al. 2023: S5 98.6; Orvieto et al. 2023: LRU "
      "94.2");
}

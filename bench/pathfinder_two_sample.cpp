// Can a small classifier tell our Pathfinder pictures from others? A two-sample check: logistic
// regression on statistics of pixels and of small patches, asked which of two sets a picture it has
// not seen is from. Near 50% the sets are alike in all that these features see.
//
//   longhaul_pathfinder_two_sample [FOLDER [SIZE DIFFICULTY [SEEDS]]]
//
// FOLDER holds PNG pictures of SIZE (32) and DIFFICULTY (hard), at any depth below it. Without one,
// two sets of our own are compared, as a check of the check. With SEEDS (10) sets of ours the
// accuracy is a mean, and its spread over the sets says what chance does.
//
// Features: the grey-level histogram; mean, deviation; means by distance from the centre; how often
// each pattern of 2 x 2 pixels (dark, dim, bright) occurs; how often each grey level does that
// stands beside black; correlations of pixels up to 4 apart. All are standardised.

#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/data/logistic.h"
#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "tasks/pathfinder/image.h"

namespace {
using namespace longhaul;
using Pixels = std::vector<uint8_t>;

constexpr int kFolds = 10;

Pixels read_png(const std::filesystem::path& path, int size) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  require(png_image_begin_read_from_file(&image, path.c_str()) != 0, path.string(), ": ",
          image.message);
  image.format = PNG_FORMAT_GRAY;
  require(image.width == static_cast<png_uint_32>(size) && image.height == image.width,
          path.string(), ": found ", image.width, " x ", image.height, ", expected ", size, " x ",
          size);
  Pixels pixels(PNG_IMAGE_SIZE(image));
  require(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0, path.string(),
          ": ", image.message);
  return pixels;
}

std::vector<Pixels> read_folder(const std::filesystem::path& folder, int size) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".png") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Pixels> pictures;
  for (const auto& path : paths) pictures.push_back(read_png(path, size));
  require(pictures.size() >= 2 * kFolds, folder.string(), ": found ", pictures.size(),
          " PNG pictures, expected at least ", 2 * kFolds);
  return pictures;
}

std::vector<Pixels> draw(const pathfinder::Generator& generator, std::size_t count, uint64_t seed) {
  std::vector<Pixels> pictures;
  for (std::size_t i = 0; i < count; ++i) {
    Rng rng(seed, "two-sample check", i);
    pictures.push_back(generator.draw(rng).pixels);
  }
  return pictures;
}

int grade(uint8_t pixel) { return pixel < 16 ? 0 : pixel < 128 ? 1 : 2; }

std::vector<float> features(const Pixels& pixels, int size) {
  std::array<float, 16> histogram{}, beside_black{};
  std::array<float, 8> rings{}, ring_pixels{};
  std::array<float, 81> patterns{};
  std::array<float, 8> products{};
  double mean = 0, squares = 0;
  const auto at = [&](int row, int column) { return pixels[row * size + column]; };
  for (int row = 0; row < size; ++row)
    for (int column = 0; column < size; ++column) {
      const int value = at(row, column);
      mean += value;
      squares += value * value;
      ++histogram[value == 0 ? 0 : 1 + value * 15 / 256];
      const double middle = (size - 1) / 2.0;
      const double radius = std::hypot(row - middle, column - middle) / size;
      const int ring = std::min(7, static_cast<int>(radius * 11));
      rings[ring] += static_cast<float>(value);
      ++ring_pixels[ring];
      if (column + 1 < size && at(row, column + 1) == 0) ++beside_black[value / 16];
      if (row + 1 < size && column + 1 < size)
        ++patterns[grade(at(row, column)) + 3 * grade(at(row, column + 1)) +
                   9 * grade(at(row + 1, column)) + 27 * grade(at(row + 1, column + 1))];
      for (int gap = 1; gap <= 4; ++gap) {
        if (column + gap < size)
          products[2 * gap - 2] += static_cast<float>(value * at(row, column + gap)) / 1e4f;
        if (row + gap < size)
          products[2 * gap - 1] += static_cast<float>(value * at(row + gap, column)) / 1e4f;
      }
    }
  const double n = size * size;
  std::vector<float> row = {static_cast<float>(mean / n),
                            static_cast<float>(std::sqrt(squares / n - mean * mean / n / n))};
  for (int ring = 0; ring < 8; ++ring) row.push_back(rings[ring] / ring_pixels[ring]);
  for (const float x : histogram) row.push_back(x);
  for (const float x : beside_black) row.push_back(x);
  for (const float x : patterns) row.push_back(x);
  for (const float x : products) row.push_back(x);
  return row;
}

// Share of pictures whose set is told rightly by a classifier fitted to the other folds.
double accuracy(const std::vector<Pixels>& first, const std::vector<Pixels>& second, int size) {
  std::vector<std::vector<float>> rows;
  std::vector<int32_t> targets;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    rows.push_back(features(first[i], size));
    rows.push_back(features(second[i], size));
    targets.insert(targets.end(), {0, 1});
  }
  int right = 0;
  for (int fold = 0; fold < kFolds; ++fold) {
    const auto held_out = [&](std::size_t i) { return static_cast<int>(i / 2 % kFolds) == fold; };
    std::vector<float> fitted;
    std::vector<int32_t> answers;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (held_out(i)) continue;
      fitted.insert(fitted.end(), rows[i].begin(), rows[i].end());
      answers.push_back(targets[i]);
    }
    const LogisticRegression regression(fitted, answers, static_cast<int64_t>(rows[0].size()), 2);
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (held_out(i)) right += regression.answer(rows[i]) == targets[i];
  }
  return static_cast<double>(right) / static_cast<double>(rows.size());
}

// How far apart the means of a few plain statistics are, in standard errors.
void print_differences(const std::vector<Pixels>& ours, const std::vector<Pixels>& theirs,
                       int size) {
  const auto moments = [&](const std::vector<Pixels>& pictures, std::size_t feature) {
    double sum = 0, squares = 0;
    for (const Pixels& picture : pictures) {
      const double x = features(picture, size)[feature];
      sum += x;
      squares += x * x;
    }
    const auto n = static_cast<double>(pictures.size());
    return std::pair(sum / n, (squares / n - sum * sum / n / n) / n);
  };
  std::vector<std::pair<double, std::string>> apart;
  const std::size_t count = features(ours[0], size).size();
  for (std::size_t f = 0; f < count; ++f) {
    const auto [a, a_error] = moments(ours, f);
    const auto [b, b_error] = moments(theirs, f);
    if (a_error + b_error <= 0) continue;
    apart.emplace_back(std::abs(a - b) / std::sqrt(a_error + b_error),
                       text("feature ", f, ": ours ", a, ", theirs ", b));
  }
  std::sort(apart.rbegin(), apart.rend());
  std::printf("largest of %zu differences of means, in standard errors:\n", apart.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(5, apart.size()); ++i)
    std::printf("  %5.1f  %s\n", apart[i].first, apart[i].second.c_str());
}

int run(const std::vector<std::string>& arguments) {
  const std::string folder = !arguments.empty() ? arguments[0] : "";
  const int size = arguments.size() > 1 ? std::stoi(arguments[1]) : 32;
  const std::string name = arguments.size() > 2 ? arguments[2] : "hard";
  const int seeds = arguments.size() > 3 ? std::stoi(arguments[3]) : folder.empty() ? 2 : 10;
  const auto difficulty = name == "easy"     ? pathfinder::Difficulty::easy
                          : name == "medium" ? pathfinder::Difficulty::medium
                                             : pathfinder::Difficulty::hard;
  const pathfinder::Generator generator(pathfinder::standard_shape(size, difficulty));
  const std::vector<Pixels> theirs =
      folder.empty() ? draw(generator, 100, 1000) : read_folder(folder, size);
  double sum = 0, squares = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const double right =
        accuracy(draw(generator, theirs.size(), static_cast<uint64_t>(seed)), theirs, size);
    sum += right / seeds;
    squares += right * right / seeds;
  }
  std::printf(
      "%zu pictures of ours, %zu of %s: told apart %.1f%% +-%.1f (%d sets of ours; 50%%: not"
      " at all)\n",
      theirs.size(), theirs.size(), folder.empty() ? "ours too" : folder.c_str(), 100 * sum,
      100 * std::sqrt(std::max(0.0, squares - sum * sum)), seeds);
  print_differences(draw(generator, 5 * theirs.size(), 77), theirs, size);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "longhaul_pathfinder_two_sample: %s\n", error.what());
    return 2;
  }
}

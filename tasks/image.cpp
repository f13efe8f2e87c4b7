// Image of Long Range Arena (Tay et al. 2020, arXiv:2011.04006, section 2.2.4): the class of a
// small picture that is read pixel by pixel, row by row. The pictures are CIFAR-10's (Krizhevsky
// 2009), read from the files of its binary version; image_synthetic is a task of this shape that
// needs none.
//
//   data/data_batch_1.bin ... data_batch_5.bin   training; test_batch.bin   test
//   a record   label, then 32 x 32 bytes of red, of green and of blue: 3073 bytes; 10000 a file
//
// Three different tasks go by this name; `input` chooses, and their numbers do not compare:
//   gray_tokens    Long Range Arena's: y = 0.2989 r + 0.5870 g + 0.1140 b, rounded down from
//                  255.5 / 255 of it, plus 1 as 0 pads; vocabulary 257
//   gray_values    S4's and its successors': y = (19595 r + 38470 g + 7471 b + 32768) / 65536,
//                  rounded down, as the number (y - 122.6) / 61
//   color_values   LRU's "sCIFAR": each color c as (c / 255 - mean) / std_dev. The means 0.4914,
//                  0.4822, 0.4465 and deviations 0.247, 0.243, 0.261 are those of S4's code for
//                  pictures in color; LRU's has not been released
//
//   r, g, b = 200, 100, 50   gray_tokens   125
//                            gray_values   0.0230
//                            color_values  1.1858 -0.3705 -0.9595
//
// Long Range Arena validates on the last tenth of the training pictures; here a tenth is chosen by
// a hash of the picture, so that it does not depend on their order, and a training picture that is
// in the test set too is left out.
//
// `scan` reads the pixels in another order (longhaul/parts/scan_order.h).
// Shallow baseline: a bag of tokens; with values how bright the picture is, in 32 steps.

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/scan_order.h"
#include "longhaul/plugin.h"
#include "longhaul/rng.h"
#include "tasks/files/data_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/stored_task.h"

namespace {
using namespace longhaul;
using data::DataFile;

constexpr int64_t kSide = 32, kPixels = kSide * kSide, kRecord = 1 + 3 * kPixels;
constexpr std::array<const char*, 10> kClasses = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
constexpr std::array<double, 3> kMeans = {0.4914, 0.4822, 0.4465};
constexpr std::array<double, 3> kDeviations = {0.247, 0.243, 0.261};

using Color = std::array<int, 3>;

Color color_of(const std::string& record, int64_t pixel) {
  const auto channel = [&](int64_t c) {
    return static_cast<unsigned char>(record[1 + c * kPixels + pixel]);
  };
  return {channel(0), channel(1), channel(2)};
}

int32_t gray_token(const Color& c) {
  const double light = 0.2989 * c[0] + 0.5870 * c[1] + 0.1140 * c[2];
  return static_cast<int32_t>(light * (255.5 / 255)) + 1;
}

float gray_value(const Color& c) {
  const int gray = (19595 * c[0] + 38470 * c[1] + 7471 * c[2] + 32768) >> 16;
  return static_cast<float>((gray - 122.6) / 61);
}

float color_value(const Color& c, int channel) {
  return static_cast<float>((c[channel] / 255.0 - kMeans[channel]) / kDeviations[channel]);
}

class Image final : public data::StoredTask {
 public:
  explicit Image(Options& options) {
    const std::string folder = data::data_folder(
        options, "data_batch_{1..5}.bin and test_batch.bin, as cifar-10-batches-bin",
        "image_synthetic");
    input_ = options.choice("input", "gray_tokens", {"gray_tokens", "gray_values", "color_values"},
                            "what a pixel is: an id, a number, or three numbers");
    scan_ = ScanOrder(ScanOrder::read(options), kSide, kSide);
    if (folder.empty()) return;
    for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                             "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"})
      files_.emplace_back(std::filesystem::path(folder) / name);
    for (const DataFile& file : files_) add_pictures(file, &file == &files_.back());
    pictures_.separate(folder);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return channels() ? 0 : 257; }
  int64_t channels() const override {
    return input_ == "color_values" ? 3 : input_ == "gray_values" ? 1 : 0;
  }
  int64_t classes() const override { return 10; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return kPixels; }

  int64_t count(Split split) const override { return pictures_.count(split); }
  Example at(Split split, int64_t index) const override {
    const auto [file, offset] = pictures_.at(split, index);
    const std::string record = file->read(offset, kRecord);
    Example example;
    example.targets = {label_of(*file, offset, record[0])};
    for (int64_t pixel = 0; pixel < kPixels; ++pixel) {
      const Color color = color_of(record, pixel);
      if (channels() == 0) example.tokens.push_back(gray_token(color));
      if (channels() == 1) example.values.push_back(gray_value(color));
      if (channels() == 3)
        for (int c = 0; c < 3; ++c) example.values.push_back(color_value(color, c));
    }
    return scan_.scanned(std::move(example));
  }

  bool shallow_is_bag_of_tokens() const override { return channels() == 0; }
  Shallow shallow(const Example& example, int64_t) const override {
    double light = 0;
    for (int64_t pixel = 0; pixel < kPixels; ++pixel) light += brightness(example, pixel);
    return {.key = static_cast<int64_t>(light / kPixels / 8)};
  }

  longhaul::Picture picture() const override { return {.width = kSide, .height = kSide}; }
  std::string show(const Example& example) const override {
    std::string shown = Task::show(scan_.by_rows(example));
    shown.pop_back();
    return shown + text(": ", kClasses[example.targets[0]], "\n");
  }

 private:
  struct Place {
    const DataFile* file;
    int64_t offset;
  };

  // 0 .. 255
  double brightness(const Example& example, int64_t pixel) const {
    if (channels() == 0) return example.tokens[pixel] - 1;
    if (channels() == 1) return example.values[pixel] * 61.0 + 122.6;
    double light = 0;
    for (int c = 0; c < 3; ++c)
      light += 85 * (example.values[3 * pixel + c] * kDeviations[c] + kMeans[c]);
    return light;
  }

  static int32_t label_of(const DataFile& file, int64_t offset, char label) {
    const int32_t found = static_cast<unsigned char>(label);
    require(found < 10, file.path().string(), ": record ", offset / kRecord, ": found the label ",
            found, ", allowed: 0 .. 9");
    return found;
  }

  void add_pictures(const DataFile& file, bool test) {
    require(file.size() > 0 && file.size() % kRecord == 0, file.path().string(), ": has ",
            file.size(), " bytes, allowed: records of ", kRecord);
    for (int64_t offset = 0; offset < file.size(); offset += kRecord) {
      const std::string record = file.read(offset, kRecord);
      label_of(file, offset, record[0]);
      const uint64_t hash = hash_bytes(record.data() + 1, kRecord - 1);
      pictures_.add(test ? Split::test : data::carve(hash), {&file, offset}, hash);
    }
  }

  std::string input_;
  ScanOrder scan_;
  std::vector<DataFile> files_;
  data::StoredSplits<Place> pictures_;
};

}  // namespace

LONGHAUL_PLUGIN(image) {
  registry.task<Image>({.name = "image",
                        .about = "class of a picture read pixel by pixel; CIFAR-10's files",
                        .source = "Tay et al. 2020, arXiv:2011.04006, section 2.2.4; Krizhevsky "
                                  "2009, Learning multiple layers of features from tiny images",
                        .published =
                            "accuracy in percent\n"
                            "input gray_tokens: Tay et al. 2020, table 1: Transformer 42.4, Sparse "
                            "Transformer 44.2, Performer 42.8\n"
                            "input gray_values: Gu et al. 2022, repository: S4 88.5; Smith et al. "
                            "2023: S5 88.0\n"
                            "input color_values: Orvieto et al. 2023: LRU 89.0, tanh RNN 69.9"});
}

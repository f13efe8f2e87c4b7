// Sequential and permuted digits (Le et al. 2015, arXiv:1504.00941, section 4.3): the class of a
// small gray picture that is read pixel by pixel, row by row or in a scrambled order. Read from the
// four IDX files of MNIST (LeCun et al. 1998) or of a data set in its layout (Fashion-MNIST,
// KMNIST).
//
//   data/train-images-idx3-ubyte   data/train-labels-idx1-ubyte   training and validation
//   data/t10k-images-idx3-ubyte    data/t10k-labels-idx1-ubyte    test
//
//   2 x 3 pixels, label 7                        0 128 255 / 64 0 1
//   input tokens: pixel + 1 (0 pads)             1 129 256 65 1 2              target  7
//   input real:   pixel / 255                    0 0.502 1 0.251 0 0.0039      target  7
//
// `scan` reads the pixels in another order (longhaul/parts/scan_order.h).
// With `permute` the pixels of all pictures go through one fixed permutation, so that neighbours
// stand far apart and nothing local is left.
//
// A tenth of the training pictures, chosen by a hash of the picture, is the validation set; a
// training picture that is in the test set too is left out.
//
// Where this differs from the original: the permutation is ours (a shuffle by a generator of this
// project); every paper has its own. Published inputs are real numbers; that is `input: real`.
// The shallow baseline is a bag of tokens: how often each gray level occurs; with real input how
// bright the picture is, in steps of 4.

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/scan_order.h"
#include "longhaul/plugin.h"
#include "longhaul/rng.h"
#include "tasks/files/data_file.h"
#include "tasks/files/idx_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/stored_task.h"

namespace {
using namespace longhaul;

constexpr int kClasses = 10;
constexpr int64_t kMostBytes = int64_t{1} << 32;
constexpr int64_t kMostPixels = 1 << 20;

class Digits final : public data::StoredTask {
 public:
  explicit Digits(Options& options) {
    const std::string folder = data::data_folder(
        options, "{train,t10k}-images-idx3-ubyte and {train,t10k}-labels-idx1-ubyte, as MNIST",
        "image_synthetic");
    real_ = options.choice("input", "tokens", {"tokens", "real"},
                           "what a pixel is: an id or a number") == "real";
    const bool permute =
        options.flag("permute", false, "read the pixels in a scrambled order, always the same");
    const std::string scan = ScanOrder::read(options);
    if (permute && scan != "row")
      options.problem("scan", text("found ", scan, ", allowed with permute: row"));
    if (folder.empty()) return;
    load(folder, "train", train_);
    load(folder, "t10k", test_);
    require(test_.images.sizes[1] == height() && test_.images.sizes[2] == width(), folder,
            ": training pictures have ", height(), " x ", width(), " pixels, test pictures ",
            test_.images.sizes[1], " x ", test_.images.sizes[2]);
    add_pictures(train_, false);
    add_pictures(test_, true);
    pictures_.separate(folder);
    order_ = ScanOrder(scan, height(), width()).pixels();
    if (order_.empty()) {
      order_.resize(height() * width());
      std::iota(order_.begin(), order_.end(), 0);
    }
    Rng rng(0, "digits permutation");
    if (permute) rng.shuffle(order_);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return real_ ? 0 : 257; }
  int64_t channels() const override { return real_ ? 1 : 0; }
  int64_t classes() const override { return kClasses; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return static_cast<int64_t>(order_.size()); }

  int64_t count(Split split) const override { return pictures_.count(split); }
  Example at(Split split, int64_t index) const override {
    const auto [file, record] = pictures_.at(split, index);
    const uint8_t* pixels = file->picture(record);
    Example example;
    for (int64_t place : order_) {
      if (real_)
        example.values.push_back(static_cast<float>(pixels[place]) / 255);
      else
        example.tokens.push_back(pixels[place] + 1);
    }
    example.targets = {file->labels.bytes[record]};
    return example;
  }

  bool shallow_is_bag_of_tokens() const override { return !real_; }
  Shallow shallow(const Example& example, int64_t) const override {
    int64_t light = 0;
    for (int64_t t = 0; t < max_length(); ++t) light += brightness(example, t);
    return {.key = light / max_length() / 4};
  }

  // In the order that a model reads the pixels in: scrambled if permuted.
  Picture picture() const override { return {.width = width(), .height = height()}; }

 private:
  struct File {
    idx::Array images, labels;
    const uint8_t* picture(int64_t record) const {
      return &images.bytes[record * images.record_bytes()];
    }
  };
  struct Place {
    const File* file;
    int64_t record;
  };

  int64_t height() const { return train_.images.sizes.empty() ? 0 : train_.images.sizes[1]; }
  int64_t width() const { return train_.images.sizes.empty() ? 0 : train_.images.sizes[2]; }

  // 0 .. 255
  int brightness(const Example& example, int64_t t) const {
    return real_ ? static_cast<int>(std::lround(example.values[t] * 255)) : example.tokens[t] - 1;
  }

  static void load(const std::filesystem::path& folder, const std::string& part, File& file) {
    const std::string images = (folder / (part + "-images-idx3-ubyte")).string();
    const std::string labels = (folder / (part + "-labels-idx1-ubyte")).string();
    file.images = idx::parse(data::read_all(images, kMostBytes), 3, images);
    file.labels = idx::parse(data::read_all(labels, kMostBytes), 1, labels);
    require(file.images.record_bytes() <= kMostPixels, images, ": pictures of ",
            file.images.sizes[1], " x ", file.images.sizes[2], ", allowed: ", kMostPixels,
            " pixels");
    require(file.images.sizes[0] == file.labels.sizes[0], labels, ": has ", file.labels.sizes[0],
            " labels for the ", file.images.sizes[0], " pictures of ", images);
    idx::check_labels(file.labels, kClasses - 1, labels);
  }

  void add_pictures(const File& file, bool test) {
    const auto bytes = static_cast<std::size_t>(file.images.record_bytes());
    for (int64_t record = 0; record < file.images.sizes[0]; ++record) {
      const uint64_t hash = hash_bytes(file.picture(record), bytes);
      pictures_.add(test ? Split::test : data::carve(hash), {&file, record}, hash);
    }
  }

  bool real_ = false;
  File train_, test_;
  std::vector<int64_t> order_;  // of the pixels
  data::StoredSplits<Place> pictures_;
};

}  // namespace

LONGHAUL_PLUGIN(digits) {
  registry.task<Digits>({.name = "digits",
                         .about = "class of a digit read pixel by pixel; MNIST's files",
                         .source = "Le et al. 2015, arXiv:1504.00941, section 4.3",
                         .published = "accuracy in percent on MNIST, input real\n"
                                      "Gu et al. 2022: S4 99.6, with permute 98.7"});
}

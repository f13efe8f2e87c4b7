// Time-series classification on the UEA and UCR archives (Bagnall et al. 2018, arXiv:1811.00075):
// the class of a series of real numbers in one or more channels. Read from the archive's files.
//
//   data/NAME_TRAIN.ts   data/NAME_TEST.ts      or NAME_TRAIN.arff and NAME_TEST.arff
//
//   1,2,3:4,?,6:left        input   1 4, 2 4, 3 6         target  0, the place of left in the
//   header
//
// With normalize each channel has mean 0 and deviation 1 over the training series, missing values
// aside. A missing value becomes the one before it in its channel, at the start the channel's mean.
// Series may have different lengths; each is read to its own end.
//
// splits says which series are for what:
//   archive   NAME_TRAIN for training, of it a tenth, chosen by a hash of the series, for
//             validation; NAME_TEST for tests
//   merged    all series in random order, named by split_seed: 70% for training, 15% for validation
//             and 15% for tests, as in Walker et al. 2024 (log neural CDEs, arXiv:2402.18512) and
//             the papers that compare with them on six data sets of UEA. They take five orders,
//             split_seed 2345, 3456, 4567, 5678, 6789; their generator is another, so the series in
//             a part differ.
// A training series that stands in validation or test too is left out.
//
// The shallow baseline is the commonest class of series whose first channel has this mean, in steps
// of a quarter of a deviation.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/plugin.h"
#include "longhaul/rng.h"
#include "tasks/files/channel_scales.h"
#include "tasks/files/data_file.h"
#include "tasks/files/series_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/stored_task.h"

namespace {
using namespace longhaul;
namespace fs = std::filesystem;

uint64_t hash_of(const series::Series& one) {
  return hash_bytes(one.values.data(), one.values.size() * sizeof(float));
}

// The one file of the folder that ends so; .ts before .arff. The archive's files of single channels
// are left aside.
fs::path find_file(const fs::path& folder, const std::string& part) {
  std::vector<std::string> found;
  for (const char* ending : {".ts", ".arff"}) {
    if (!found.empty()) break;
    try {
      found = data::files_in(folder, part + ending);
    } catch (const Error&) {
      require(fs::is_directory(folder), folder.string(), ": is no folder");
    }
    std::erase_if(
        found, [](const std::string& name) { return name.find("Dimension") != std::string::npos; });
  }
  require(found.size() == 1, folder.string(), ": holds ", found.size(), " files *", part,
          ".ts or *", part, ".arff, allowed: one");
  return folder / found[0];
}

class SeriesTask final : public data::StoredTask {
 public:
  explicit SeriesTask(Options& options) {
    const std::string folder = data::data_folder(
        options, "NAME_TRAIN.ts and NAME_TEST.ts or the same as .arff, as in the UEA archive",
        "image_synthetic with values: true");
    const bool merged =
        options.choice("splits", "archive", {"archive", "merged"},
                       "parts of the archive, or 70, 15 and 15% of all") == "merged";
    const auto seed =
        static_cast<uint64_t>(options.integer("split_seed", 2345, "names the order of merged"));
    normalize_ = options.flag("normalize", true, "each channel has mean 0 and deviation 1");
    if (folder.empty()) return;
    const auto train = load(find_file(folder, "_TRAIN"));
    const auto test = load(find_file(folder, "_TEST"));
    if (merged)
      add_merged(train + test, seed);
    else
      add_parts(train, test);
    parts_.separate(folder);
    scales_ = data::ChannelScales(channels_);
    for (int64_t i = 0; i < parts_.count(Split::train); ++i)
      scales_.see(series_[parts_.at(Split::train, i)].values);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return 0; }
  int64_t channels() const override { return std::max<int64_t>(channels_, 1); }
  int64_t classes() const override { return std::max<int64_t>(std::ssize(classes_), 2); }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return longest_; }

  int64_t count(Split split) const override { return parts_.count(split); }
  Example at(Split split, int64_t index) const override {
    const series::Series& one = series_[parts_.at(split, index)];
    Example example;
    example.targets = {one.label};
    example.values = one.values;
    const auto width = static_cast<std::size_t>(channels_);
    for (std::size_t i = 0; i < example.values.size(); ++i) {
      float& value = example.values[i];
      if (!std::isnan(value))
        value = normalize_ ? static_cast<float>(scales_.scaled(i, value)) : value;
      else if (i >= width)
        value = example.values[i - width];
      else
        value = normalize_ ? 0 : static_cast<float>(scales_.mean(i));
    }
    return example;
  }

  Shallow shallow(const Example& example, int64_t) const override {
    double total = 0;
    for (std::size_t i = 0; i < example.values.size(); i += channels_) total += example.values[i];
    double mean =
        total * static_cast<double>(channels_) / static_cast<double>(example.values.size());
    if (!normalize_) mean = scales_.scaled(0, mean);
    return {.key = std::lround(4 * std::clamp(mean, -1000.0, 1000.0))};
  }

  std::string show(const Example& example) const override {
    return text(example.values.size() / channels_, " steps of ", channels_, " channels\n",
                Task::show(example), "class ", classes_[example.targets[0]], '\n');
  }

 private:
  // How many series a file adds to series_.
  int64_t load(const fs::path& path) {
    const data::DataFile file(path);
    series::File found = series::read(file);
    if (series_.empty()) {
      channels_ = found.channels;
      classes_ = found.classes;
    }
    require(found.channels == channels_, path.string(), ": has ", found.channels,
            " channels, the training file ", channels_);
    require(found.classes == classes_, path.string(),
            ": names other classes than the training file");
    for (series::Series& one : found.series) {
      longest_ = std::max(longest_, static_cast<int64_t>(one.values.size()) / channels_);
      series_.push_back(std::move(one));
    }
    return static_cast<int64_t>(found.series.size());
  }

  void add(Split split, int64_t index) { parts_.add(split, index, hash_of(series_[index])); }

  void add_parts(int64_t train, int64_t test) {
    for (int64_t i = 0; i < train; ++i) add(data::carve(hash_of(series_[i])), i);
    for (int64_t i = 0; i < test; ++i) add(Split::test, train + i);
  }

  void add_merged(int64_t all, uint64_t seed) {
    std::vector<int64_t> order(all);
    std::iota(order.begin(), order.end(), 0);
    Rng rng(seed, "series merged");
    rng.shuffle(order);
    for (int64_t i = 0; i < all; ++i)
      add(i < all * 70 / 100   ? Split::train
          : i < all * 85 / 100 ? Split::validation
                               : Split::test,
          order[i]);
  }

  bool normalize_ = true;
  int64_t channels_ = 0, longest_ = 1;
  std::vector<std::string> classes_;
  std::vector<series::Series> series_;
  data::ChannelScales scales_;
  data::StoredSplits<int64_t> parts_;  // places in series_
};

}  // namespace

LONGHAUL_PLUGIN(series) {
  registry.task<SeriesTask>(
      {.name = "series",
       .about = "class of a series of numbers; files of the UEA and UCR archives",
       .source = "Bagnall et al. 2018, arXiv:1811.00075; splits merged: Walker et al. 2024, "
                 "arXiv:2402.18512",
       .published = "none quoted: figures in papers are of their own orders of the merged series"});
}

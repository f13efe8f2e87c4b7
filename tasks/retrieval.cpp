// Retrieval of Long Range Arena (Tay et al. 2020, arXiv:2011.04006, section 2.2.3): does one paper
// cite the other? Both are read byte by byte, each by the same encoder on its own. The papers are
// those of the ACL Anthology Network (Radev et al. 2013), read from the release's files;
// retrieval_synthetic is a task of this shape that needs no files.
//
//   data/new_aan_pairs.train.tsv, .eval.tsv, .test.tsv: no header, a pair a line, five fields
//   label <TAB> id <TAB> id <TAB> text <TAB> text             label  0.0, 1.0 (or 0, 1)
//
//   tokens, second  byte + 1, each cut off at max_length; vocabulary 257 (0 pads)
//   1.0 P1 P2 Ab c  66 99 | 100                                          target 1
//
// - A quote is a byte as any other: the texts hold stray ones, at which readers of quoted CSV (the
//   original's use in later code bases) join lines and lose pairs.
// - An empty text is read as one blank, since a sequence has at least one symbol.
// - A pair of a later split (train, validation, test) is left out of the earlier ones.
// - The original drops the last incomplete batch when it evaluates; here every pair is scored.
//
// Shallow baseline: how far apart the two documents' shares of each byte are.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/plugin.h"
#include "longhaul/rng.h"
#include "tasks/files/data_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/stored_task.h"

namespace {
using namespace longhaul;
using data::DataFile;
using data::Line;

constexpr int64_t kMostLength = 1 << 20;

struct Pair {
  int32_t label;
  std::string_view first, second;
};

// The next of the tab-separated fields of `rest`, which loses it.
std::string_view take_field(std::string_view& rest) {
  const std::string_view field = rest.substr(0, rest.find('\t'));
  rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  return field;
}

Pair parse_pair(const DataFile& file, const Line& line, std::string_view row, int64_t max_length) {
  const auto tabs = std::count(row.begin(), row.end(), '\t');
  require(tabs == 4, data::place(file, line), "found ", tabs + 1,
          " fields, allowed: 5 (label, id, id, text, text)");
  Pair pair;
  const std::string_view label = take_field(row);
  pair.label = label == "1.0" || label == "1";
  require(pair.label || label == "0.0" || label == "0", data::place(file, line), "found the label ",
          data::quoted(label), ", allowed: 0.0 or 1.0");
  take_field(row);
  take_field(row);
  const auto cut = [&](std::string_view text) {
    return text.empty() ? " " : text.substr(0, max_length);
  };
  pair.first = cut(take_field(row));
  pair.second = cut(row);
  return pair;
}

class Retrieval final : public data::StoredTask {
 public:
  explicit Retrieval(Options& options) {
    const std::string folder = data::data_folder(
        options, "new_aan_pairs.{train,eval,test}.tsv, as tsv_data", "retrieval_synthetic");
    max_length_ = options.integer("max_length", 4000, "bytes read of each paper; the rest is cut",
                                  1, kMostLength);
    if (folder.empty()) return;
    for (const char* name : {"train", "eval", "test"})
      files_.emplace_back(std::filesystem::path(folder) / text("new_aan_pairs.", name, ".tsv"));
    for (Split split : {Split::train, Split::validation, Split::test}) add_pairs(split);
    pairs_.separate(folder);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return 257; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::pair; }
  int64_t max_length() const override { return max_length_; }

  int64_t count(Split split) const override { return pairs_.count(split); }
  Example at(Split split, int64_t index) const override {
    const Line& line = pairs_.at(split, index);
    const DataFile& file = files_[static_cast<std::size_t>(split)];
    const std::string row = file.read(line.offset, line.bytes);
    const Pair pair = parse_pair(file, line, row, max_length_);
    return {.tokens = data::byte_ids(pair.first, max_length_),
            .targets = {pair.label},
            .second = data::byte_ids(pair.second, max_length_)};
  }

  // In steps of a fiftieth; 0 for the same shares, 100 for no byte in common.
  Shallow shallow(const Example& example, int64_t) const override {
    std::array<double, 257> apart{};
    for (int32_t id : example.tokens) apart[id] += 1.0 / static_cast<double>(example.tokens.size());
    for (int32_t id : example.second) apart[id] -= 1.0 / static_cast<double>(example.second.size());
    double sum = 0;
    for (double share : apart) sum += std::abs(share);
    return {.key = static_cast<int64_t>(50 * sum)};
  }

  std::string show(const Example& example) const override {
    return text("first   ", data::readable(example.tokens), "\nsecond  ",
                data::readable(example.second),
                example.targets[0] ? "\none cites the other\n" : "\nunrelated\n");
  }

 private:
  void add_pairs(Split split) {
    const DataFile& file = files_[static_cast<std::size_t>(split)];
    data::for_each_line(file, [&](const Line& line, std::string_view row) {
      const Pair pair = parse_pair(file, line, row, max_length_);
      const uint64_t first = hash_bytes(pair.first.data(), pair.first.size());
      pairs_.add(split, line, hash_bytes(pair.second.data(), pair.second.size(), first));
    });
  }

  int64_t max_length_;
  std::vector<DataFile> files_;  // by split
  data::StoredSplits<Line> pairs_;
};

}  // namespace

LONGHAUL_PLUGIN(retrieval) {
  registry.task<Retrieval>({.name = "retrieval",
                            .about = "does one paper cite the other? bytes; AAN's files",
                            .source = "Tay et al. 2020, arXiv:2011.04006, section 2.2.3; Radev et "
                                      "al. 2013, doi:10.1007/s10579-012-9211-2",
                            .published =
                                "accuracy in percent, task as here\n"
                                "Tay et al. 2020, table 1: Transformer 57.5, Sparse Transformer "
                                "59.6, Performer 53.8, Linear Transformer 53.1\n"
                                "Gu et al. 2022, repository: S4 91.0; Smith et al. 2023: S5 91.4; "
                                "Orvieto et al. 2023: LRU 89.9"});
}

// The next byte of a text: a language task on any file.
//
//   file "To be, or not", length 4
//   windows  "To b" "e, o" ...    the first: input   85 112 33 99     target  111 32 98 101
//
// The file's first 90% of bytes are for training, the next 5% for validation, the last 5% for test,
// whatever the length. Each part is cut into windows of `length` bytes, one after another; a
// window's last target is the byte after it, and never one of another part. What is left at a
// part's end is not used. A window whose bytes stand in the test set too is left out of the other
// parts (and likewise for validation), so a file that repeats itself has fewer.
//
// Ids: byte + 1 (0 pads). A target is the byte. All 256 bytes are classes, whether they occur or
// not, so that files compare. The shallow baseline is the commonest byte after the last two. Every
// position holds the answer to the one before: only a causal model is put to the test.

#include <cstdint>
#include <memory>
#include <string>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/rng.h"
#include "tasks/files/data_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/stored_task.h"

namespace {
using namespace longhaul;

class ByteText final : public data::StoredTask {
 public:
  explicit ByteText(Options& options) {
    const std::string path = options.path("file", "", "any file, read as bytes");
    length_ = options.integer("length", 256, "bytes of a window", 1, 1 << 26);
    if (path.empty()) {
      options.problem("file",
                      "not set, allowed: the path of a file, such as a long text; the task "
                      "markov_motifs needs none");
      return;
    }
    file_ = std::make_unique<data::DataFile>(path);
    const int64_t size = file_->size(), test = size - size / 20, validation = test - size / 20;
    require((size / 20 - 1) / length_ >= 1, path, ": has ", size, " bytes, allowed: at least ",
            20 * (length_ + 1), " (the validation and test parts, 5% each, hold a window of ",
            length_, " bytes and one more)");
    add_windows(Split::train, 0, validation);
    add_windows(Split::validation, validation, test);
    add_windows(Split::test, test, size);
    windows_.separate(path);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return 257; }
  int64_t classes() const override { return 256; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  int64_t count(Split split) const override { return windows_.count(split); }
  Example at(Split split, int64_t index) const override {
    const std::string bytes = file_->read(windows_.at(split, index), length_ + 1);
    Example example;
    example.tokens = data::byte_ids(bytes, length_);
    for (int64_t t = 1; t <= length_; ++t)
      example.targets.push_back(static_cast<unsigned char>(bytes[t]));
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, symbols::too_short(length, 1));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    const int64_t before = t > 0 ? example.tokens[t - 1] : 0;
    return {.key = before * vocab() + example.tokens[t]};
  }

  std::string show(const Example& example) const override {
    return data::readable(example.tokens) + "\nthen " +
           data::readable({example.targets.back() + 1}) + '\n';
  }

 private:
  void add_windows(Split split, int64_t begin, int64_t end) {
    for (int64_t offset = begin; offset + length_ < end; offset += length_) {
      const std::string bytes = file_->read(offset, length_);
      windows_.add(split, offset, hash_bytes(bytes.data(), bytes.size()));
    }
  }

  int64_t length_;
  std::unique_ptr<data::DataFile> file_;
  data::StoredSplits<int64_t> windows_;  // offset of the first byte
};

}  // namespace

LONGHAUL_PLUGIN(byte_text) {
  registry.task<ByteText>({.name = "byte_text",
                           .about = "the next byte of any file",
                           .source = "this project; see the top of tasks/byte_text.cpp",
                           .published = "none: the user names the file"});
}

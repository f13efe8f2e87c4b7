#include "tasks/files/pathfinder_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "tasks/files/png_file.h"

namespace longhaul::pathfinder {
namespace {

namespace fs = std::filesystem;
using data::DataFile;
using data::Line;

constexpr int64_t kSides[] = {16, 32, 64, 128, 256};
constexpr int64_t kMostBytes = 1 << 22;  // of a picture's file
constexpr int64_t kNamedMissing = 10;    // files that a message lists

Split split_of(const std::string& file) {
  const uint64_t hash = hash_bytes(file.data(), file.size()) % 10;
  return hash == 0 ? Split::validation : hash == 1 ? Split::test : Split::train;
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  return word;
}

bool inside_folder(std::string_view path) {
  return !path.empty() && path[0] != '/' && path.find("..") == std::string_view::npos;
}

}  // namespace

Pixels decode_png(std::string_view file) {
  const png_file::Picture picture = png_file::decode(file, false);
  const bool known =
      std::find(std::begin(kSides), std::end(kSides), picture.width) != std::end(kSides);
  require(known && picture.width == picture.height, "is ", picture.width, " x ", picture.height,
          " pixels, allowed: squares of 16 | 32 | 64 | 128 | 256");
  return {static_cast<int>(picture.width), picture.values};
}

fs::path folder_of_difficulty(const fs::path& folder, const std::string& difficulty) {
  const char* const part = difficulty == "easy"     ? "curv_baseline"
                           : difficulty == "medium" ? "curv_contour_length_9"
                                                    : "curv_contour_length_14";
  const bool is_top = !fs::exists(folder / "metadata") && fs::is_directory(folder / part);
  return is_top ? folder / part : folder;
}

Files::Files(const fs::path& folder, bool skip_unreadable)
    : folder_(folder), skip_unreadable_(skip_unreadable) {
  for (const char* part : {"imgs", "metadata"})
    require(fs::is_directory(folder_ / part), folder_.string(), ": has no folder ", part,
            ", allowed: one that holds imgs/ and metadata/, such as curv_contour_length_14");
  for (const std::string& name : data::files_in(folder_ / "metadata", ".npy"))
    read_metadata(folder_ / "metadata" / name);
  require(missing_ == 0, folder_.string(), ": ", missing_,
          " pictures are missing or empty (skip_unreadable leaves them out):", named_missing_,
          missing_ > kNamedMissing ? " ..." : "");
  pictures_.separate(folder_.string());
}

Example Files::at(Split split, int64_t index) const {
  const Picture& picture = pictures_.at(split, index);
  const Pixels pixels = load(picture);
  require(pixels.side == side_, (folder_ / picture.file).string(), ": is ", pixels.side, " x ",
          pixels.side, " pixels, but the first picture is ", side_, " x ", side_);
  Example example;
  example.tokens.reserve(pixels.values.size());
  for (uint8_t pixel : pixels.values) example.tokens.push_back(pixel + 1);
  example.targets = {picture.label};
  return example;
}

void Files::read_metadata(const fs::path& path) {
  const DataFile file(path);
  require(file.size() < 6 || file.read(1, 5) != "NUMPY", path.string(),
          ": is a NumPy array, allowed: text as in the release (folder file number label ...)");
  data::for_each_line(file, [&](const Line& line, std::string_view row) {
    std::string_view rest = row;
    const std::string_view batch = take_word(rest), name = take_word(rest);
    take_word(rest);
    const std::string_view label = take_word(rest);
    require(inside_folder(batch) && inside_folder(name) && (label == "0" || label == "1"),
            data::place(file, line), "found ", data::quoted(row),
            ", allowed: folder, file, number and label (0 or 1), separated by single blanks");
    add({text(batch, '/', name), label == "1"});
  });
}

void Files::add(Picture picture) {
  if (!readable(picture)) {
    if (skip_unreadable_) return;
    if (++missing_ <= kNamedMissing) named_missing_ += ' ' + picture.file;
    return;
  }
  if (side_ == 0) side_ = load(picture).side;
  const Split split = split_of(picture.file);
  const uint64_t hash = hash_bytes(picture.file.data(), picture.file.size());
  pictures_.add(split, std::move(picture), hash);
}

bool Files::readable(const Picture& picture) const {
  if (!skip_unreadable_) {
    std::error_code fault;
    const auto bytes = fs::file_size(folder_ / picture.file, fault);
    return !fault && bytes > 0;
  }
  try {
    const int side = load(picture).side;
    return side_ == 0 || side == side_;
  } catch (const Error&) {
    return false;
  }
}

Pixels Files::load(const Picture& picture) const {
  const fs::path path = folder_ / picture.file;
  const std::string png = data::read_all(path, kMostBytes);
  try {
    return decode_png(png);
  } catch (const Error& error) {
    throw Error(text(path.string(), ": ", error.what()));
  }
}

}  // namespace longhaul::pathfinder

#include "tasks/files/pathfinder_files.h"

#include <png.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/rng.h"

namespace longhaul::pathfinder {
namespace {

namespace fs = std::filesystem;
using data::DataFile;
using data::Line;

constexpr uint32_t kSides[] = {16, 32, 64, 128, 256};
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

constexpr std::size_t kSignature = 8;  // bytes before a PNG's first chunk
constexpr std::size_t kFrame = 12;     // bytes of a chunk beside its content: size, kind, checksum

// What says which pixels are stored: the chunks without which there is no picture, whose kind
// starts with a capital letter, and transparency.
bool tells_pixels(std::string_view kind) {
  return (kind[0] >= 'A' && kind[0] <= 'Z') || kind == "tRNS";
}

// Bytes of the chunk at the start of `rest`; more than there are where it is cut off.
std::size_t chunk_size(std::string_view rest) {
  if (rest.size() < kFrame) return kFrame;
  std::size_t content = 0;
  for (std::size_t i = 0; i < 4; ++i) content = content << 8 | static_cast<unsigned char>(rest[i]);
  return kFrame + content;
}

// The picture without the chunks that say how it should look on a screen (gAMA, sRGB, iCCP, ...):
// libpng would change its pixels by them. A damaged rest is left to libpng.
std::string only_pixels(std::string_view png) {
  std::string kept(png.substr(0, kSignature));
  std::string_view rest = png.substr(std::min(kSignature, png.size()));
  for (std::size_t size = chunk_size(rest); size <= rest.size(); size = chunk_size(rest)) {
    if (tells_pixels(rest.substr(4, 4))) kept.append(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return kept.append(rest);
}

// "4-bit gray": how a PNG that libpng can read stores a pixel, as its IHDR chunk says.
std::string kind_of(std::string_view png) {
  const int bits = png[kSignature + 16], color = png[kSignature + 17];
  const char* const name = color == PNG_COLOR_TYPE_GRAY         ? "gray"
                           : color == PNG_COLOR_TYPE_PALETTE    ? "palette"
                           : color == PNG_COLOR_TYPE_GRAY_ALPHA ? "gray with transparency"
                           : color == PNG_COLOR_TYPE_RGB        ? "color"
                                                                : "color with transparency";
  return text(bits, "-bit ", name);
}

}  // namespace

Pixels decode_png(std::string_view file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  struct Freed {
    png_image& image;
    ~Freed() { png_image_free(&image); }
  } const freed{image};
  require(!file.empty(), "is empty");
  const std::string png = only_pixels(file);
  require(png_image_begin_read_from_memory(&image, png.data(), png.size()) != 0,
          "is no PNG picture: ", image.message);
  // libpng would spread fewer bits over 0 .. 255, which loaders do not agree on.
  const std::string kind = kind_of(png);
  require(kind == "8-bit gray", "is a PNG of ", kind, ", allowed: 8-bit gray");
  require(image.format == PNG_FORMAT_GRAY,
          "is a PNG with a transparent gray, allowed: 8-bit gray alone");
  const bool known =
      std::find(std::begin(kSides), std::end(kSides), image.width) != std::end(kSides);
  require(known && image.width == image.height, "is ", image.width, " x ", image.height,
          " pixels, allowed: squares of 16 | 32 | 64 | 128 | 256");
  Pixels pixels{.side = static_cast<int>(image.width),
                .values = std::vector<uint8_t>(PNG_IMAGE_SIZE(image))};
  require(png_image_finish_read(&image, nullptr, pixels.values.data(), 0, nullptr) != 0,
          "is a damaged PNG picture: ", image.message);
  return pixels;
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

#include "tasks/files/png_file.h"

#include <png.h>

#include <algorithm>
#include <string>

#include "longhaul/error.h"

namespace longhaul::png_file {
namespace {

constexpr uint32_t kMostPixels = 4096;  // a side
constexpr std::size_t kSignature = 8;   // bytes before a PNG's first chunk
constexpr std::size_t kFrame = 12;      // bytes of a chunk beside its content: size, kind, checksum

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
  const int bits = static_cast<unsigned char>(png[kSignature + 16]);
  const int color = static_cast<unsigned char>(png[kSignature + 17]);
  const char* const name = color == PNG_COLOR_TYPE_GRAY         ? "gray"
                           : color == PNG_COLOR_TYPE_PALETTE    ? "palette"
                           : color == PNG_COLOR_TYPE_GRAY_ALPHA ? "gray with transparency"
                           : color == PNG_COLOR_TYPE_RGB        ? "color"
                                                                : "color with transparency";
  return text(bits, "-bit ", name);
}

}  // namespace

Picture decode(std::string_view file, bool takes_color) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  struct Freed {
    png_image& image;
    ~Freed() { png_image_free(&image); }
  } const freed{image};
  require(!file.empty(), "is empty");
  const std::string pixels = only_pixels(file);
  require(png_image_begin_read_from_memory(&image, pixels.data(), pixels.size()) != 0,
          "is no PNG picture: ", image.message);
  // libpng would spread fewer bits over 0 .. 255, which loaders do not agree on.
  const std::string kind = kind_of(pixels);
  const bool is_color = kind == "8-bit color";
  const char* const allowed = takes_color ? "8-bit gray or 8-bit color" : "8-bit gray";
  require(kind == "8-bit gray" || (takes_color && is_color), "is a PNG of ", kind,
          ", allowed: ", allowed);
  require(image.format == (is_color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY),
          "is a PNG with a transparent ", is_color ? "color" : "gray", ", allowed: ", allowed,
          " alone");
  require(image.width <= kMostPixels && image.height <= kMostPixels, "is ", image.width, " x ",
          image.height, " pixels, allowed: at most ", kMostPixels, " a side");
  Picture picture{image.width, image.height, is_color ? 3 : 1, {}};
  picture.values.resize(PNG_IMAGE_SIZE(image));
  require(png_image_finish_read(&image, nullptr, picture.values.data(), 0, nullptr) != 0,
          "is a damaged PNG picture: ", image.message);
  return picture;
}

}  // namespace longhaul::png_file

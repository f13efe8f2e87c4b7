// The pixels that pathfinder takes from a PNG are those that the file stores.
#include <png.h>
#include <zlib.h>

#include "longhaul/error.h"
#include "tasks/files/pathfinder_files.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

constexpr int kSide = 16;

std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 255);
  return bytes;
}

std::string chunk(const std::string& kind, const std::string& content) {
  const std::string checked = kind + content;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size());
  return big_endian(static_cast<uint32_t>(content.size())) + checked +
         big_endian(static_cast<uint32_t>(sum));
}

// How a picture is stored.
struct PngKind {
  int bits = 8, color = PNG_COLOR_TYPE_GRAY, interlace = PNG_INTERLACE_NONE;
};

void append(png_structp png, png_bytep bytes, size_t count) {
  static_cast<std::string*>(png_get_io_ptr(png))
      ->append(reinterpret_cast<const char*>(bytes), count);
}

// A picture whose packed rows, all alike, are `row`; no chunk but those that it needs.
std::string stored(const PngKind& kind, std::vector<uint8_t> row) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, append, nullptr);
  png_set_IHDR(png, info, kSide, kSide, kind.bits, kind.color, kind.interlace,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  const std::vector<png_color> palette(256, {9, 9, 9});
  if (kind.color == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette.data(), 1 << kind.bits);
  png_write_info(png, info);
  std::vector<png_bytep> rows(kSide, row.data());
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::vector<uint8_t> ramp() {
  std::vector<uint8_t> row;
  for (int i = 0; i < kSide; ++i) row.push_back(static_cast<uint8_t>(17 * i));
  return row;
}

std::vector<uint8_t> first_row(const std::string& file) {
  const pathfinder::Pixels pixels = pathfinder::decode_png(file);
  REQUIRE(pixels.side == kSide);
  REQUIRE(pixels.values.size() == kSide * kSide);
  return {pixels.values.begin(), pixels.values.begin() + kSide};
}

}  // namespace

TEST_CASE("pathfinder: a PNG gives the stored values, whatever it says of gamma and colors",
          "[tasks][pathfinder][files]") {
  const std::string plain = stored({}, ramp());
  const std::string white = big_endian(31270) + big_endian(32900) + big_endian(64000) +
                            big_endian(33000) + big_endian(30000) + big_endian(60000) +
                            big_endian(15000) + big_endian(6000);
  const std::string said[] = {
      "",
      chunk("gAMA", big_endian(100000)),
      chunk("gAMA", big_endian(45455)),
      chunk("sRGB", std::string(1, '\0')),
      chunk("cHRM", white) + chunk("gAMA", big_endian(220000)),
      chunk("iCCP", std::string("no profile\0\0rubbish", 19)),
      chunk("sBIT", "\x04"),
      chunk("bKGD", std::string("\0\x7f", 2)),
  };
  constexpr std::size_t kHeader = 8 + 25;  // signature and IHDR
  for (const std::string& chunks : said) {
    CAPTURE(chunks.substr(0, 8));
    CHECK(first_row(std::string(plain).insert(kHeader, chunks)) == ramp());
  }
}

TEST_CASE("pathfinder: interlaced pictures are read", "[tasks][pathfinder][files]") {
  CHECK(first_row(stored({.interlace = PNG_INTERLACE_ADAM7}, ramp())) == ramp());
}

TEST_CASE("pathfinder: pictures that are not gray of 8 bits are refused, never converted",
          "[tasks][pathfinder][files]") {
  const std::vector<uint8_t> row(4 * kSide, 64);
  const std::pair<PngKind, std::string> kinds[] = {
      {{.bits = 1}, "1-bit gray"},
      {{.bits = 2}, "2-bit gray"},
      {{.bits = 4}, "4-bit gray"},
      {{.bits = 16}, "16-bit gray"},
      {{.bits = 1, .color = PNG_COLOR_TYPE_PALETTE}, "1-bit palette"},
      {{.bits = 4, .color = PNG_COLOR_TYPE_PALETTE}, "4-bit palette"},
      {{.color = PNG_COLOR_TYPE_PALETTE}, "8-bit palette"},
      {{.color = PNG_COLOR_TYPE_GRAY_ALPHA}, "8-bit gray with transparency"},
      {{.color = PNG_COLOR_TYPE_RGB}, "8-bit color"},
      {{.color = PNG_COLOR_TYPE_RGBA}, "8-bit color with transparency"}};
  for (const auto& [kind, name] : kinds) {
    CAPTURE(name);
    CHECK_THROWS_WITH(pathfinder::decode_png(stored(kind, row)),
                      "is a PNG of " + name + ", allowed: 8-bit gray");
  }
  const std::string plain = stored({}, ramp());
  const std::string transparent = chunk("tRNS", std::string("\0\x11", 2));
  CHECK_THROWS_WITH(pathfinder::decode_png(std::string(plain).insert(8 + 25, transparent)),
                    "is a PNG with a transparent gray, allowed: 8-bit gray alone");
}

TEST_CASE("pathfinder: a PNG cut off anywhere is an error", "[tasks][pathfinder][files]") {
  const std::string whole =
      std::string(stored({}, ramp())).insert(8 + 25, chunk("gAMA", big_endian(100000)));
  for (std::size_t size = 0; size + 12 < whole.size(); ++size)  // without IEND nothing is missing
    CHECK_THROWS_AS(pathfinder::decode_png(whole.substr(0, size)), Error);
}

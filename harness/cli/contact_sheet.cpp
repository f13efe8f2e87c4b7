#include "harness/cli/contact_sheet.h"

#include <png.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <system_error>

#include "core/picture.h"

namespace longhaul {
namespace {

constexpr int64_t kEnlargedTo = 128;  // pixels of a side, about
constexpr int64_t kMargin = 4;
constexpr uint8_t kMarginGrey = 96;

// A grey picture that others are put onto.
struct Sheet {
  int64_t width, height;
  std::vector<uint8_t> pixels;

  Sheet(int64_t wide, int64_t high)
      : width(wide), height(high), pixels(static_cast<std::size_t>(wide * high), kMarginGrey) {}

  void put(const Picture& picture, const std::vector<uint8_t>& from, int64_t zoom, int64_t top,
           int64_t left) {
    for (int64_t row = 0; row < picture.height * zoom; ++row)
      for (int64_t column = 0; column < picture.width * zoom; ++column)
        pixels[(top + row) * width + left + column] =
            from[row / zoom * picture.width + column / zoom];
  }

  void write(const std::filesystem::path& path) const {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width);
    image.height = static_cast<png_uint_32>(height);
    image.format = PNG_FORMAT_GRAY;
    errno = 0;
    if (!png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr))
      throw std::system_error(errno ? errno : EIO, std::generic_category(),
                              path.string() + ": " + image.message);
  }
};

}  // namespace

int64_t write_contact_sheet(const std::filesystem::path& path, const Task& task,
                            const std::vector<Example>& examples) {
  const Picture picture = task.picture();
  const auto count = static_cast<int64_t>(examples.size());
  const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const int64_t rows = (count + columns - 1) / columns;
  const int64_t zoom = std::max<int64_t>(1, kEnlargedTo / picture.width);
  const int64_t across = picture.width * zoom + kMargin, down = picture.height * zoom + kMargin;
  Sheet sheet(columns * across + kMargin, rows * down + kMargin);
  for (int64_t i = 0; i < count; ++i)
    sheet.put(picture, pixels_of(task, examples[i]), zoom, i / columns * down + kMargin,
              i % columns * across + kMargin);
  sheet.write(path);
  return columns;
}

}  // namespace longhaul

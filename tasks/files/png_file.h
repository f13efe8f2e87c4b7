#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace longhaul::png_file {

// A decoded picture: the stored values, row by row, the channels of a pixel side by side.
struct Picture {
  int64_t width = 0, height = 0;
  int64_t channels = 1;  // 1 gray, 3 red, green and blue
  std::vector<uint8_t> values;
};

// Decodes a PNG of 8-bit gray or, with `takes_color`, of 8-bit color, of at most 4096 pixels a side
// and without transparency: the stored values, whatever the file says of gamma or colors of a
// screen. Throws Error saying what else it is; the caller knows the file's name.
Picture decode(std::string_view file, bool takes_color);

}  // namespace longhaul::png_file

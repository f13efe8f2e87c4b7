#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

namespace longhaul::data {

// A gray picture for a terminal: two characters for each pixel, or for a square of pixels (its
// brightest) where the picture is wide. `light` is 0 .. 255.
inline std::string shades(int64_t height, int64_t width,
                          const std::function<int(int64_t row, int64_t column)>& light) {
  static const char* const kShades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  const int64_t cell = std::max<int64_t>(1, width / 64);
  std::string shown;
  for (int64_t row = 0; row < height; row += cell) {
    for (int64_t column = 0; column < width; column += cell) {
      int brightest = 0;
      for (int64_t i = 0; i < cell * cell; ++i)
        brightest = std::max(brightest, light(row + i / cell, column + i % cell));
      shown += kShades[(brightest + 32) / 64];
    }
    shown += '\n';
  }
  return shown;
}

}  // namespace longhaul::data

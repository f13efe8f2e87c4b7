#include "core/picture.h"

#include <algorithm>

namespace longhaul {
namespace {

constexpr int64_t kWidest = 64;  // characters' worth of a line

// One number a pixel: the token, or the sum of the channels.
std::vector<double> light_of(const Task& task, const Example& example) {
  if (task.channels() == 0) return {example.tokens.begin(), example.tokens.end()};
  const int64_t channels = task.channels();
  std::vector<double> light(example.values.size() / static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < example.values.size(); ++i)
    light[i / static_cast<std::size_t>(channels)] += double{example.values[i]};
  return light;
}

}  // namespace

std::vector<uint8_t> pixels_of(const Task& task, const Example& example) {
  const Picture picture = task.picture();
  const std::vector<double> light = light_of(task, example);
  auto low = static_cast<double>(picture.first_id);
  auto range = static_cast<double>(picture.levels - 1);
  if (task.channels() > 0) {
    const auto [darkest, brightest] = std::minmax_element(light.begin(), light.end());
    low = *darkest;
    range = *brightest - *darkest;
  }
  std::vector<uint8_t> pixels(static_cast<std::size_t>(picture.width * picture.height));
  for (std::size_t i = 0; i < std::min(pixels.size(), light.size()); ++i)
    pixels[i] = static_cast<uint8_t>(
        std::clamp(255 * (light[i] - low) / std::max(range, 1e-9) + 0.5, 0.0, 255.0));
  return pixels;
}

std::string shade_text(const Picture& picture, const std::vector<uint8_t>& pixels) {
  static const char* const shades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  const int64_t cell = (picture.width + kWidest - 1) / kWidest;
  std::string shown;
  for (int64_t top = 0; top < picture.height; top += cell) {
    for (int64_t left = 0; left < picture.width; left += cell) {
      int light = 0;
      for (int64_t row = top; row < std::min(top + cell, picture.height); ++row)
        for (int64_t column = left; column < std::min(left + cell, picture.width); ++column)
          light = std::max<int>(light, pixels[row * picture.width + column]);
      shown += shades[(light + 32) / 64];
    }
    shown += '\n';
  }
  return shown;
}

}  // namespace longhaul

#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace longhaul::data {

// A sound or a picture as a series of numbers.
struct Media {
  std::vector<float> values;  // [length, channels]: samples, -1 .. 1, or pixels row by row, 0 .. 1
  int64_t channels = 1;
  int64_t rate = 0;               // samples a second of a sound; 0 of a picture
  int64_t width = 0, height = 0;  // of a picture; 0 of a sound
};

// Each throws Error naming the file.
Media read_wav(const std::filesystem::path& file);
Media read_png(const std::filesystem::path& file);

}  // namespace longhaul::data

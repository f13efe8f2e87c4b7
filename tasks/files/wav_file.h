#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul::wav {

struct Sound {
  int64_t rate = 0;            // frames a second
  int64_t channels = 0;        // samples of a frame
  std::vector<float> samples;  // [frames, channels], -1 .. 1
};

// Reads a WAV file (RIFF, WAVE): PCM of 8, 16, 24 or 32 bits, or float of 32 bits. Throws Error
// naming `name`, what was found and what is allowed.
Sound parse(std::string_view content, const std::string& name);

}  // namespace longhaul::wav

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "longhaul/task.h"

namespace longhaul {

// The pixels of an example of a task that declares a picture, 0 black .. 255 white,
// [height * width] row by row. Real values go from the example's least to its greatest, and the
// mean of a position's channels counts.
std::vector<uint8_t> pixels_of(const Task& task, const Example& example);

// Pixels in five shades for a terminal, two characters each. Where a picture is wider than 64, a
// square of pixels shares them and its brightest one counts.
std::string shade_text(const Picture& picture, const std::vector<uint8_t>& pixels);

}  // namespace longhaul

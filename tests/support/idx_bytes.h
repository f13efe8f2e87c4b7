#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longhaul {

// An IDX file of unsigned bytes: what MNIST's files hold.
inline std::string idx_bytes(const std::vector<uint32_t>& sizes, const std::string& content) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (uint32_t size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 255);
  return bytes + content;
}

}  // namespace longhaul

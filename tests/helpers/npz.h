#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace longhaul {

// A ZIP archive of stored members, as numpy.savez writes it. Small ones only.
inline std::string npz_of(const std::vector<std::pair<std::string, std::string>>& members) {
  const auto bytes = [](uint32_t value, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += static_cast<char>(value >> (8 * i) & 255);
    return all;
  };
  std::string archive, directory;
  for (const auto& [name, content] : members) {
    uint32_t sum = ~0U;  // CRC-32, bit by bit
    for (const char byte : content) {
      sum ^= static_cast<unsigned char>(byte);
      for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320U : 0);
    }
    const auto size = static_cast<uint32_t>(content.size());
    const std::string common = bytes(20, 2) + bytes(0, 2) + bytes(0, 2) + bytes(0, 4) +
                               bytes(~sum, 4) + bytes(size, 4) + bytes(size, 4) +
                               bytes(static_cast<uint32_t>(name.size()), 2) + bytes(0, 2);
    directory += "PK\1\2" + bytes(20, 2) + common + std::string(10, '\0') +
                 bytes(static_cast<uint32_t>(archive.size()), 4) + name;
    archive += "PK\3\4" + common + name + content;
  }
  const auto count = static_cast<uint32_t>(members.size());
  return archive + directory + "PK\5\6" + bytes(0, 4) + bytes(count, 2) + bytes(count, 2) +
         bytes(static_cast<uint32_t>(directory.size()), 4) +
         bytes(static_cast<uint32_t>(archive.size()), 4) + bytes(0, 2);
}

}  // namespace longhaul

#include "support/hash.h"

#include "longhaul/rng.h"
#include "support/file.h"

namespace longhaul {

std::string to_hex(uint64_t hash) {
  static const char digits[] = "0123456789abcdef";
  std::string hex(16, '0');
  for (int i = 0; i < 16; ++i) hex[i] = digits[hash >> (60 - 4 * i) & 15];
  return hex;
}

uint64_t hash_file(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  return hash_bytes(bytes.data(), bytes.size());
}

}  // namespace longhaul

#include "support/hash.h"

#include <fstream>
#include <sstream>

#include "longhaul/error.h"
#include "longhaul/rng.h"

namespace longhaul {

std::string to_hex(uint64_t hash) {
  static const char digits[] = "0123456789abcdef";
  std::string hex(16, '0');
  for (int i = 0; i < 16; ++i) hex[i] = digits[hash >> (60 - 4 * i) & 15];
  return hex;
}

uint64_t hash_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  require(in.good(), path.string(), ": cannot be read");
  const std::string held = bytes.str();
  return hash_bytes(held.data(), held.size());
}

}  // namespace longhaul

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "longhaul/task.h"

namespace longhaul {

// A cache file: the header, the key's text, padding to 8 bytes, count + 1 offsets (where each
// example begins, and where the last one ends), the examples. Integers are little-endian, as on
// every machine that longhaul builds for.
constexpr std::array<char, 8> kCacheMagic = {'l', 'h', 'c', 'a', 'c', 'h', 'e', '1'};

struct CacheHeader {
  std::array<char, 8> magic = kCacheMagic;
  uint64_t file_bytes = 0;
  uint64_t key_bytes = 0;
  uint64_t count = 0;      // examples
  uint64_t id_bytes = 0;   // of a stored token: 1, 2 or 4
  uint64_t table_sum = 0;  // hash of the offsets
  uint64_t sum = 0;        // hash of the header up to here

  uint64_t own_sum() const { return hash_bytes(this, offsetof(CacheHeader, sum)); }
  uint64_t offsets_at() const { return (sizeof(CacheHeader) + key_bytes + 7) / 8 * 8; }
  // Whether the key and the offsets can stand in a file of file_bytes.
  bool fits() const {
    return (id_bytes == 1 || id_bytes == 2 || id_bytes == 4) && key_bytes < file_bytes &&
           count < file_bytes / sizeof(uint64_t) &&
           offsets_at() + (count + 1) * sizeof(uint64_t) <= file_bytes;
  }
};

// Bytes that hold any token of this vocabulary. Stored is the token minus 1, as 0 only pads.
int64_t id_bytes_of(int64_t vocab);

// Appends an example: a hash of what follows; how many tokens, tokens of the second sequence,
// targets and values; these, padded to 8 bytes.
void pack(const Example& example, int64_t id_bytes, std::vector<unsigned char>& bytes);

// False if the bytes are not what pack() wrote.
bool unpack(std::span<const unsigned char> bytes, int64_t id_bytes, Example& example);

}  // namespace longhaul

#include "harness/data/cache_format.h"

#include <cstring>

namespace longhaul {
namespace {

using Sizes = std::array<uint32_t, 4>;  // tokens, second, targets, values

constexpr std::size_t kPrefix = sizeof(uint64_t) + sizeof(Sizes);

std::size_t packed_bytes(const Sizes& sizes, int64_t id_bytes) {
  const std::size_t ids = std::size_t{sizes[0]} + sizes[1],
                    words = std::size_t{sizes[2]} + sizes[3];
  return (kPrefix + ids * static_cast<std::size_t>(id_bytes) + words * 4 + 7) / 8 * 8;
}

void append(const void* data, std::size_t count, std::vector<unsigned char>& bytes) {
  const auto* begin = static_cast<const unsigned char*>(data);
  bytes.insert(bytes.end(), begin, begin + count);
}

void append_ids(const std::vector<int32_t>& ids, int64_t id_bytes,
                std::vector<unsigned char>& bytes) {
  for (int32_t id : ids) {
    const auto stored = static_cast<uint32_t>(id - 1);
    for (int64_t i = 0; i < id_bytes; ++i)
      bytes.push_back(static_cast<unsigned char>(stored >> (8 * i)));
  }
}

const unsigned char* take_ids(const unsigned char* from, uint32_t count, int64_t id_bytes,
                              std::vector<int32_t>& ids) {
  ids.resize(count);
  for (int32_t& id : ids) {
    uint32_t stored = 0;
    for (int64_t i = 0; i < id_bytes; ++i) stored |= static_cast<uint32_t>(*from++) << (8 * i);
    id = static_cast<int32_t>(stored + 1);
  }
  return from;
}

template <class T>
const unsigned char* take(const unsigned char* from, uint32_t count, std::vector<T>& items) {
  items.resize(count);
  if (count > 0) std::memcpy(items.data(), from, count * sizeof(T));
  return from + count * sizeof(T);
}

}  // namespace

int64_t id_bytes_of(int64_t vocab) { return vocab <= 257 ? 1 : vocab <= 65537 ? 2 : 4; }

void pack(const Example& example, int64_t id_bytes, std::vector<unsigned char>& bytes) {
  const std::size_t start = bytes.size();
  const auto size = [](const auto& items) { return static_cast<uint32_t>(items.size()); };
  const Sizes sizes = {size(example.tokens), size(example.second), size(example.targets),
                       size(example.values)};
  bytes.resize(start + sizeof(uint64_t));
  append(sizes.data(), sizeof(sizes), bytes);
  append_ids(example.tokens, id_bytes, bytes);
  append_ids(example.second, id_bytes, bytes);
  append(example.targets.data(), example.targets.size() * sizeof(int32_t), bytes);
  append(example.values.data(), example.values.size() * sizeof(float), bytes);
  bytes.resize(start + packed_bytes(sizes, id_bytes));
  const std::size_t first = start + sizeof(uint64_t);
  const uint64_t sum = hash_bytes(&bytes[first], bytes.size() - first);
  std::memcpy(&bytes[start], &sum, sizeof(sum));
}

bool unpack(std::span<const unsigned char> bytes, int64_t id_bytes, Example& example) {
  if (bytes.size() < kPrefix) return false;
  uint64_t sum = 0;
  std::memcpy(&sum, bytes.data(), sizeof(sum));
  if (sum != hash_bytes(bytes.data() + sizeof(sum), bytes.size() - sizeof(sum))) return false;
  Sizes sizes;
  std::memcpy(sizes.data(), bytes.data() + sizeof(sum), sizeof(sizes));
  if (packed_bytes(sizes, id_bytes) != bytes.size()) return false;
  const unsigned char* from = bytes.data() + kPrefix;
  from = take_ids(from, sizes[0], id_bytes, example.tokens);
  from = take_ids(from, sizes[1], id_bytes, example.second);
  from = take(from, sizes[2], example.targets);
  take(from, sizes[3], example.values);
  return true;
}

}  // namespace longhaul

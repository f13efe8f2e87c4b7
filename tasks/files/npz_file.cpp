#include "tasks/files/npz_file.h"

#include <array>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"

namespace longhaul::npz {
namespace {

// Of the ZIP format (PKWARE's APPNOTE): a directory at the end of the file names its members.
constexpr std::string_view kMember{"PK\3\4"}, kEntry{"PK\1\2"}, kEnd{"PK\5\6"};
constexpr std::size_t kMemberBytes = 30, kEntryBytes = 46, kEndBytes = 22;
constexpr std::size_t kMostComment = 65535;

// A number of `bytes` bytes, the least first.
uint32_t number(std::string_view content, std::size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = bytes; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(content[at + static_cast<std::size_t>(i)]);
  return value;
}

// The checksum of ZIP members, CRC-32.
uint32_t checksum(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> all{};
    for (uint32_t i = 0; i < 256; ++i) {
      all[i] = i;
      for (int bit = 0; bit < 8; ++bit) all[i] = all[i] >> 1 ^ (all[i] & 1 ? 0xedb88320U : 0);
    }
    return all;
  }();
  uint32_t sum = ~0U;
  for (const char byte : bytes)
    sum = sum >> 8 ^ table[(sum ^ static_cast<unsigned char>(byte)) & 255];
  return ~sum;
}

// Where the directory ends: the last such mark, which a comment may follow.
std::size_t find_end(std::string_view content, const std::string& name) {
  const std::size_t at = content.rfind(kEnd);
  require(at != std::string_view::npos && at + kEndBytes <= content.size() &&
              content.size() - at <= kEndBytes + kMostComment,
          name, ": is no whole .npz file, allowed: a file of numpy.savez");
  return at;
}

// The bytes of the member that an entry of the directory names.
std::string_view member(std::string_view content, std::string_view entry, const std::string& who) {
  const uint32_t method = number(entry, 10, 2), sum = number(entry, 16, 4);
  const std::size_t size = number(entry, 20, 4), at = number(entry, 42, 4);
  require(method == 0, who, ": is compressed, allowed: numpy.savez, not savez_compressed");
  require(at + kMemberBytes <= content.size() && content.substr(at, 4) == kMember, who,
          ": does not stand where the archive's directory says");
  const std::size_t start =
      at + kMemberBytes + number(content, at + 26, 2) + number(content, at + 28, 2);
  require(start + size <= content.size(), who, ": is cut off");
  const std::string_view bytes = content.substr(start, size);
  require(checksum(bytes) == sum, who, ": is damaged, its checksum is another");
  return bytes;
}

}  // namespace

std::map<std::string, npy::Array> parse(std::string_view content, const std::string& name) {
  const std::size_t end = find_end(content, name);
  std::map<std::string, npy::Array> arrays;
  std::size_t at = number(content, end + 16, 4);
  for (uint32_t left = number(content, end + 10, 2); left > 0; --left) {
    require(at + kEntryBytes <= content.size() && content.substr(at, 4) == kEntry, name,
            ": its directory is damaged");
    const std::string_view entry = content.substr(at, kEntryBytes);
    const std::size_t length = number(entry, 28, 2);
    require(at + kEntryBytes + length <= content.size(), name, ": its directory is damaged");
    std::string stem(content.substr(at + kEntryBytes, length));
    at += kEntryBytes + length + number(entry, 30, 2) + number(entry, 32, 2);
    require(stem.ends_with(".npy"), name, ": holds ", data::quoted(stem),
            ", allowed: arrays, NAME.npy");
    stem.resize(stem.size() - 4);
    const std::string who = name + ": " + std::string(data::quoted(stem));
    require(arrays.emplace(stem, npy::parse(member(content, entry, who), who)).second, who,
            ": comes twice");
  }
  return arrays;
}

}  // namespace longhaul::npz

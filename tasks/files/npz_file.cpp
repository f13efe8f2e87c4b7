#include "tasks/files/npz_file.h"

#include <zlib.h>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"

namespace longhaul::npz {
namespace {

// Of the ZIP format (PKWARE's APPNOTE): a directory at the end of the file names its members.
constexpr std::string_view kMember{"PK\3\4"}, kEntry{"PK\1\2"}, kEnd{"PK\5\6"};
constexpr std::size_t kMemberBytes = 30, kEntryBytes = 46, kEndBytes = 22;
constexpr std::size_t kMostComment = 65535;
constexpr uint32_t kStored = 0, kDeflated = 8;
constexpr std::size_t kBlock = 65536;  // bytes that are unpacked at a time

// A number of `bytes` bytes, the least first.
uint32_t number(std::string_view content, std::size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = bytes; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(content[at + static_cast<std::size_t>(i)]);
  return value;
}

// What zlib packed into a member: a bare stream, without zlib's own head and sum.
std::string unpacked(std::string_view packed, std::size_t size, const std::string& who) {
  z_stream stream{};
  require(inflateInit2(&stream, -MAX_WBITS) == Z_OK, who, ": zlib does not start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string bytes;
  int state = Z_OK;
  while (state == Z_OK && bytes.size() <= size) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kBlock);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + before);
    stream.avail_out = kBlock;
    state = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(bytes.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  require(state == Z_STREAM_END && bytes.size() == size, who, ": is damaged, it does not unpack");
  return bytes;
}

// Where the directory ends: the last such mark, which a comment may follow.
std::size_t find_end(std::string_view content, const std::string& name) {
  const std::size_t at = content.rfind(kEnd);
  require(at != std::string_view::npos && at + kEndBytes <= content.size() &&
              content.size() - at <= kEndBytes + kMostComment,
          name, ": is no whole .npz file, allowed: a file of numpy.savez or savez_compressed");
  return at;
}

// The bytes of the member that an entry of the directory names.
std::string member(std::string_view content, std::string_view entry, const std::string& who) {
  const uint32_t method = number(entry, 10, 2), sum = number(entry, 16, 4);
  const std::size_t packed = number(entry, 20, 4), size = number(entry, 24, 4),
                    at = number(entry, 42, 4);
  require(method == kStored || method == kDeflated, who, ": is packed by method ", method,
          ", allowed: ", kStored, " (numpy.savez) and ", kDeflated, " (numpy.savez_compressed)");
  require(at + kMemberBytes <= content.size() && content.substr(at, 4) == kMember, who,
          ": does not stand where the archive's directory says");
  const std::size_t start =
      at + kMemberBytes + number(content, at + 26, 2) + number(content, at + 28, 2);
  require(start + packed <= content.size(), who, ": is cut off");
  const std::string_view stored = content.substr(start, packed);
  const std::string bytes = method == kDeflated ? unpacked(stored, size, who) : std::string(stored);
  const auto* first = reinterpret_cast<const Bytef*>(bytes.data());
  require(crc32_z(0, first, bytes.size()) == sum, who, ": is damaged, its checksum is another");
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

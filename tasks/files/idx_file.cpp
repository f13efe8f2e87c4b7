#include "tasks/files/idx_file.h"

#include "longhaul/error.h"

namespace longhaul::idx {
namespace {

constexpr int kUnsignedByte = 0x08;
constexpr int64_t kMostBytes = int64_t{1} << 32;  // MNIST has 47 million

int64_t byte_at(std::string_view content, std::size_t i) {
  return static_cast<unsigned char>(content[i]);
}

// Checks the first four bytes.
void check_magic(std::string_view content, int64_t dimensions, const std::string& name) {
  require(content.size() >= 4, name, ": has ", content.size(),
          " bytes, too few for the header of an IDX file");
  require(byte_at(content, 0) != 0x1f || byte_at(content, 1) != 0x8b, name,
          ": is still packed; unpack it with gunzip");
  require(byte_at(content, 0) == 0 && byte_at(content, 1) == 0, name, ": starts with the bytes ",
          byte_at(content, 0), " ", byte_at(content, 1), ", allowed: 0 0, an IDX file");
  require(byte_at(content, 2) == kUnsignedByte, name, ": element type ", byte_at(content, 2),
          ", allowed: 8, unsigned bytes");
  require(byte_at(content, 3) == dimensions, name, ": has ", byte_at(content, 3),
          " dimensions, allowed: ", dimensions);
}

}  // namespace

Array parse(std::string_view content, int64_t dimensions, const std::string& name) {
  check_magic(content, dimensions, name);
  const auto header = static_cast<std::size_t>(4 + 4 * dimensions);
  require(content.size() >= header, name, ": has ", content.size(), " bytes, its header alone ",
          header);
  Array array;
  int64_t expected = 1;
  for (std::size_t at = 4; at < header; at += 4) {
    int64_t size = 0;
    for (std::size_t i = at; i < at + 4; ++i) size = size << 8 | byte_at(content, i);
    require(size > 0, name, ": dimension ", array.sizes.size() + 1, " has the size 0");
    require(size <= kMostBytes / expected, name, ": its header tells of more than ", kMostBytes,
            " elements");
    expected *= size;
    array.sizes.push_back(size);
  }
  const auto found = static_cast<int64_t>(content.size() - header);
  require(found >= expected, name, ": ends in record ", found / (expected / array.sizes[0]), " of ",
          array.sizes[0], " (counted from 0): ", found, " bytes of ", expected);
  require(found == expected, name, ": has ", found - expected, " bytes after its last record");
  array.bytes.assign(content.begin() + static_cast<int64_t>(header), content.end());
  return array;
}

void check_labels(const Array& labels, int most, const std::string& name) {
  for (std::size_t i = 0; i < labels.bytes.size(); ++i)
    require(labels.bytes[i] <= most, name, ": record ", i, " (counted from 0): label ",
            int{labels.bytes[i]}, ", allowed: 0 .. ", most);
}

}  // namespace longhaul::idx

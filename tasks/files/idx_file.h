#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// IDX files of unsigned bytes, the format of MNIST: two zero bytes, the element type, the number of
// dimensions, each dimension's size as four bytes (big-endian), then the elements.
namespace longhaul::idx {

struct Array {
  std::vector<int64_t> sizes;  // sizes[0] records; every size is at least 1
  std::vector<uint8_t> bytes;  // records one after another
  int64_t record_bytes() const { return static_cast<int64_t>(bytes.size()) / sizes[0]; }
};

// Reads `content`, the whole of the file `name`, which must have so many dimensions. Throws Error
// naming the file, and the record where it is one record's fault.
Array parse(std::string_view content, int64_t dimensions, const std::string& name);

// Throws Error naming the first record of a one-dimensional array that is above `most`.
void check_labels(const Array& labels, int most, const std::string& name);

}  // namespace longhaul::idx

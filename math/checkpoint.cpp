#include "math/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "longhaul/error.h"
#include "support/file.h"
#include "support/json.h"

namespace longhaul {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

void append_values(std::string& bytes, const Tensor& tensor) {
  bytes.append(reinterpret_cast<const char*>(tensor.data()),
               static_cast<std::size_t>(tensor.bytes()));
}

// Where a tensor's values lie, from the end of the header.
struct Extent {
  std::size_t begin, end;
  std::string name;
};

// As the format demands: the tensors cover all of the data, and none shares a byte with another.
void check_extents(const std::string& file, std::vector<Extent> extents, std::size_t data_bytes) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  std::size_t covered = 0;
  for (const Extent& next : extents) {
    require(next.begin >= covered, file, ": tensor '", next.name, "' at bytes ", next.begin, " .. ",
            next.end, " overlaps the one that ends at ", covered);
    require(next.begin == covered, file, ": bytes ", covered, " .. ", next.begin,
            " belong to no tensor");
    covered = next.end;
  }
  require(covered == data_bytes, file, ": ", data_bytes - covered,
          " bytes behind the last tensor belong to none");
}

Tensor tensor_from(const std::string& file, const std::string& name, const json& entry,
                   const std::string& bytes, std::size_t data_start, std::vector<Extent>& extents) {
  require(entry.at("dtype") == "F32", file, ": tensor '", name, "' has type ",
          entry.at("dtype").dump(), ", expected F32");
  Shape shape;
  double size = sizeof(float);  // in bytes; as an integer it might overflow
  for (const json& given : entry.at("shape")) {
    const int64_t extent = given.is_number_integer() ? given.get<int64_t>() : -1;
    require(extent >= 0 && shape.rank() < Shape::kMaxRank, file, ": tensor '", name,
            "' has the shape ", entry.at("shape").dump(), ", allowed: at most ", Shape::kMaxRank,
            " extents, whole numbers from 0");
    shape.append(extent);
    size *= static_cast<double>(extent);
  }
  const json& offsets = entry.at("data_offsets");
  require(offsets.size() == 2 && offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned(),
          file, ": tensor '", name, "' has the data_offsets ", offsets.dump(),
          ", allowed: two whole numbers from 0");
  const auto begin = offsets[0].get<std::size_t>(), end = offsets[1].get<std::size_t>();
  require(
      begin <= end && end <= bytes.size() - data_start && static_cast<double>(end - begin) == size,
      file, ": tensor '", name, "' of shape ", shape, " lies at bytes ", begin, " .. ", end, " of ",
      bytes.size() - data_start);
  extents.push_back({begin, end, name});
  Tensor tensor = Tensor::empty(shape);
  std::memcpy(tensor.data(), bytes.data() + data_start + begin, end - begin);
  return tensor;
}

json header_of(const std::string& file, std::string_view text_of_header) {
  try {
    return parse_json(text_of_header);
  } catch (const Error& e) {
    throw Error(text(file, ": damaged safetensors header: ", e.what()));
  }
}

// The header of a .npy file and where its data begins.
struct NpyFile {
  // `narrow` and `wide` are the types of 4 and of 8 bytes that are allowed, as the header has them.
  NpyFile(const fs::path& path, const std::string& narrow, const std::string& wide,
          const std::string& allowed)
      : bytes(read_file(path)) {
    const std::string file = path.string();
    require(bytes.size() >= 10 && bytes.compare(0, 6, "\x93NUMPY") == 0, file, ": not a .npy file");
    require(bytes[6] == 1, file, ": .npy version ", int{bytes[6]}, ", expected 1");
    const std::size_t length =
        static_cast<unsigned char>(bytes[8]) | static_cast<unsigned char>(bytes[9]) << 8;
    require(bytes.size() >= 10 + length, file, ": the header is cut off");
    const std::string header = bytes.substr(10, length);
    start = 10 + length;
    is_wide = header.find(wide) != std::string::npos;
    require(is_wide || header.find(narrow) != std::string::npos, file, ": expected ", allowed,
            " values, the header says ", header);
    require(header.find("'fortran_order': False") != std::string::npos, file,
            ": expected C order, the header says ", header);
    read_shape(header, file);
    const std::size_t found = bytes.size() - start, promised = count * (is_wide ? 8 : 4);
    require(found == promised, file, ": ", found, " bytes of data, the header promises ", promised);
  }

  void read_shape(const std::string& header, const std::string& file) {
    const std::size_t open = header.find("'shape': (");
    require(open != std::string::npos, file, ": no shape in the header ", header);
    std::istringstream extents(header.substr(open + 10, header.find(')', open) - open - 10));
    for (std::string extent; std::getline(extents, extent, ',');) {
      extent.erase(0, extent.find_first_not_of(' '));
      extent.erase(extent.find_last_not_of(' ') + 1);
      if (extent.empty()) continue;  // behind the last comma
      require(extent.find_first_not_of("0123456789") == std::string::npos && extent.size() < 12,
              file, ": odd shape in the header ", header);
      shape.push_back(std::stoll(extent));
      const auto factor = static_cast<std::size_t>(shape.back());
      require(factor == 0 || count <= bytes.size() / factor, file,
              ": the header promises more values than the file holds");
      count *= factor;
    }
  }

  template <class T>
  T at(std::size_t i) const {
    T value;
    std::memcpy(&value, bytes.data() + start + sizeof(T) * i, sizeof(T));
    return value;
  }

  std::string bytes;
  std::size_t start = 0, count = 1;
  bool is_wide = false;
  std::vector<int64_t> shape;
};

}  // namespace

void save_checkpoint(const fs::path& path, const Checkpoint& checkpoint) {
  json header;
  header["__metadata__"] = checkpoint.metadata;
  std::string data;
  for (const NamedTensor& tensor : checkpoint.tensors) {
    const std::size_t begin = data.size();
    append_values(data, tensor.value);
    header[tensor.name] = {
        {"dtype", "F32"},
        {"shape", std::vector<int64_t>(tensor.value.shape().begin(), tensor.value.shape().end())},
        {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format wants the data aligned to 8 bytes
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&length), sizeof(length)});
  file.write(text);
  file.write(data);
  file.finish();
}

Checkpoint load_checkpoint(const fs::path& path) {
  const std::string file = path.string(), bytes = read_file(path);
  uint64_t length = 0;
  require(bytes.size() >= sizeof(length), file, ": not a safetensors file (", bytes.size(),
          " bytes)");
  std::memcpy(&length, bytes.data(), sizeof(length));
  require(length <= bytes.size() - sizeof(length), file,
          ": not a safetensors file (its header would be ", length, " bytes long)");
  Checkpoint checkpoint;
  std::vector<Extent> extents;
  try {
    const json header = header_of(file, std::string_view(bytes).substr(8, length));
    for (const auto& [name, entry] : header.items())
      if (name == "__metadata__")
        checkpoint.metadata = entry.get<std::map<std::string, std::string>>();
      else
        checkpoint.tensors.push_back(
            {name, tensor_from(file, name, entry, bytes, 8 + length, extents)});
  } catch (const json::exception& e) {
    throw Error(text(file, ": damaged safetensors header: ", e.what()));
  }
  check_extents(file, std::move(extents), bytes.size() - 8 - length);
  return checkpoint;
}

IntArray load_npy(const fs::path& path) {
  const NpyFile file(path, "'<i4'", "'<i8'", "int32 or int64");
  IntArray array{file.shape, std::vector<int32_t>(file.count)};
  for (std::size_t i = 0; i < file.count; ++i) {
    const int64_t value = file.is_wide ? file.at<int64_t>(i) : file.at<int32_t>(i);
    require(value >= INT32_MIN && value <= INT32_MAX, path.string(), ": value ", value,
            " is out of range");
    array.values[i] = static_cast<int32_t>(value);
  }
  return array;
}

Tensor load_npy_numbers(const fs::path& path) {
  const NpyFile file(path, "'<f4'", "'<f8'", "float32 or float64");
  Shape shape;
  for (const int64_t extent : file.shape) shape.append(extent);
  Tensor tensor = Tensor::empty(shape);
  for (std::size_t i = 0; i < file.count; ++i)
    tensor.data()[i] = file.is_wide ? static_cast<float>(file.at<double>(i)) : file.at<float>(i);
  return tensor;
}

void save_npy(const fs::path& path, const Tensor& tensor) {
  std::ostringstream header;
  header << "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (int64_t extent : tensor.shape()) header << extent << ',';
  header << "), }";
  std::string text = header.str();
  text.resize((10 + text.size() + 1 + 63) / 64 * 64 - 10, ' ');
  text.back() = '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(text.size() & 255);
  bytes += static_cast<char>(text.size() >> 8);
  bytes += text;
  append_values(bytes, tensor);
  write_atomically(path, bytes);
}

}  // namespace longhaul

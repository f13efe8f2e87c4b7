#include "tasks/files/npy_file.h"

#include <charconv>
#include <cstring>
#include <regex>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"

namespace longhaul::npy {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 30;
constexpr std::size_t kMostHeader = 4096;

template <class Number>
std::string text_at(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof(number));
  char text[64];
  if constexpr (sizeof(Number) == 1) {
    return std::to_string(int{number});
  } else {
    const auto [end, fault] = std::to_chars(text, text + sizeof(text), number);
    return {text, end};
  }
}

struct Kind {
  const char* name;
  std::size_t bytes;
  std::string (*text)(const char*);
};
constexpr Kind kKinds[] = {
    {"<f4", 4, text_at<float>},    {"<f8", 8, text_at<double>},   {"<i8", 8, text_at<int64_t>},
    {"<i4", 4, text_at<int32_t>},  {"<i2", 2, text_at<int16_t>},  {"|i1", 1, text_at<int8_t>},
    {"<u8", 8, text_at<uint64_t>}, {"<u4", 4, text_at<uint32_t>}, {"<u2", 2, text_at<uint16_t>},
    {"|u1", 1, text_at<uint8_t>},  {"|b1", 1, text_at<uint8_t>}};

const Kind& kind_of(const std::string& name, const std::string& file) {
  std::string known;
  for (const Kind& kind : kKinds) {
    if (name == kind.name) return kind;
    known += std::string(known.empty() ? "" : " | ") + kind.name;
  }
  throw Error(text(file, ": has elements of type ", data::quoted(name), ", allowed: ", known));
}

// What the header, a Python dictionary, says of a key.
std::string value_of(const std::string& header, const std::string& form, const std::string& file) {
  std::smatch match;
  require(std::regex_search(header, match, std::regex(form)), file, ": its header is ",
          data::quoted(header), ", allowed: one that numpy.save writes");
  return match[1];
}

std::string cells(const Array& array, int64_t row, int64_t steps, int64_t channels) {
  std::string shown;
  for (int64_t i = row * steps * channels; i < (row + 1) * steps * channels; ++i) {
    if (!shown.empty()) shown += i % channels == 0 ? ' ' : ',';
    shown += array.values[i];
  }
  return shown;
}

}  // namespace

Array parse(std::string_view content, const std::string& name) {
  require(content.size() >= 12 && content.substr(0, 6) == "\x93NUMPY", name, ": starts with ",
          data::quoted(content.substr(0, 6)), ", allowed: an array of numpy.save");
  const auto byte = [&](std::size_t i) {
    return std::size_t{static_cast<unsigned char>(content[i])};
  };
  const bool is_first = byte(6) == 1;
  const std::size_t start = is_first ? 10 : 12;
  const std::size_t size =
      byte(8) | byte(9) << 8 | (is_first ? 0 : byte(10) << 16 | byte(11) << 24);
  require(size <= kMostHeader && start + size <= content.size(), name, ": its header has ", size,
          " bytes, the file ", content.size());
  const std::string header(content.substr(start, size));
  const Kind& kind = kind_of(value_of(header, "'descr': '([^']*)'", name), name);
  require(value_of(header, "'fortran_order': (True|False)", name) == "False", name,
          ": is in Fortran order, allowed: C order (numpy.ascontiguousarray)");
  Array array;
  std::string sizes = value_of(header, "'shape': \\(((?:[0-9]+, ?)*[0-9]*)\\)", name);
  int64_t expected = 1;
  for (std::size_t at = 0; at < sizes.size();) {
    int64_t extent = 0;
    const auto [end, fault] =
        std::from_chars(sizes.data() + at, sizes.data() + sizes.size(), extent);
    if (fault == std::errc::invalid_argument) {
      ++at;  // a comma or a blank
      continue;
    }
    require(fault == std::errc() && extent > 0 && extent <= kMostBytes / expected, name,
            ": has the shape (", sizes, "), allowed: sizes of at least 1, ", kMostBytes,
            " elements in all");
    expected *= extent;
    array.shape.push_back(extent);
    at = static_cast<std::size_t>(end - sizes.data());
  }
  const std::string_view bytes = content.substr(start + size);
  require(bytes.size() == static_cast<std::size_t>(expected) * kind.bytes, name, ": has ",
          bytes.size(), " bytes of elements, its shape (", sizes, ") tells of ",
          static_cast<std::size_t>(expected) * kind.bytes);
  for (std::size_t at = 0; at < bytes.size(); at += kind.bytes) {
    array.values.push_back(kind.text(bytes.data() + at));
    require(array.values.back().find('n') == std::string::npos, name, ": element ", at / kind.bytes,
            " (counted from 0) is ", array.values.back(),
            ", allowed: numbers that are finite");  // nan, inf
  }
  return array;
}

Array load(const std::filesystem::path& path) {
  return parse(data::read_all(path, kMostBytes), path.string());
}

table_file::Table table(const Array& x, const std::string& x_name, const Array* y,
                        const std::string& y_name, const std::string& input_column,
                        const std::string& answer_column) {
  require(x.shape.size() == 2 || x.shape.size() == 3, x_name, ": has ", x.shape.size(),
          " dimensions, allowed: [n, length] or [n, length, channels]");
  require(!y || y->shape.size() == 1 || y->shape.size() == 2, y_name, ": has ",
          y ? y->shape.size() : 0, " dimensions, allowed: [n] or [n, length]");
  require(!y || x.shape[0] == y->shape[0], y_name, ": has ", y ? y->shape[0] : 0,
          " answers for the ", x.shape[0], " inputs of ", x_name);
  table_file::Table table{x_name, {input_column}, {}};
  if (y) table.columns.push_back(answer_column);
  for (int64_t row = 0; row < x.shape[0]; ++row) {
    table_file::Row& added = table.rows.emplace_back();
    added.line = row + 1;
    added.fields = {cells(x, row, x.shape[1], x.shape.size() == 3 ? x.shape[2] : 1)};
    if (y) added.fields.push_back(cells(*y, row, y->shape.size() == 2 ? y->shape[1] : 1, 1));
  }
  return table;
}

}  // namespace longhaul::npy

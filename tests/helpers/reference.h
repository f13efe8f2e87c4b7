#pragma once

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "longhaul/error.h"
#include "longhaul/options.h"
#include "longhaul/tensor.h"
#include "test_paths.h"

// What the programs of tests/reference have computed and stored beside themselves.
namespace longhaul {

// A .npy file of float32 values in C order, by its path in tests/reference.
inline Tensor reference_array(const std::string& name) {
  const std::string path = LONGHAUL_SOURCE_DIR "/tests/reference/" + name;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  const std::string bytes = all.str();
  require(bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) == 0, path, ": no .npy file");
  const std::size_t begin = 10 + static_cast<unsigned char>(bytes[8]) +
                            std::size_t{256} * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(10, begin - 10);
  require(header.find("'descr': '<f4', 'fortran_order': False") != std::string::npos, path, ": ",
          header);
  Shape shape;
  std::istringstream extents(header.substr(header.find('(') + 1));
  for (int64_t extent = 0; extents >> extent; extents.ignore()) shape.append(extent);
  Tensor x(shape);
  require(bytes.size() == begin + sizeof(float) * static_cast<std::size_t>(x.size()), path,
          ": size differs from the header's");
  std::memcpy(x.data(), bytes.data() + begin, bytes.size() - begin);
  return x;
}

inline nlohmann::json reference_cases(const std::string& name) {
  std::ifstream in(LONGHAUL_SOURCE_DIR "/tests/reference/" + name);
  return nlohmann::json::parse(in);
}

inline OptionMap reference_options(const nlohmann::json& given) {
  OptionMap options;
  for (const auto& [name, value] : given.items()) {
    if (value.is_boolean())
      options[name] = value.get<bool>();
    else if (value.is_number_integer())
      options[name] = value.get<int64_t>();
    else if (value.is_number())
      options[name] = value.get<double>();
    else
      options[name] = value.get<std::string>();
  }
  return options;
}

}  // namespace longhaul

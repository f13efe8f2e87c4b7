#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "longhaul/tensor.h"

namespace longhaul {

struct NamedTensor {
  std::string name;
  Tensor value;
};

// A safetensors file (8-byte header length, JSON header, float32 data): tensors by name and free
// text by key. Loading throws Error naming the file and what is wrong with it; saving is atomic and
// throws std::system_error (support/file.h).
struct Checkpoint {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
};
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
Checkpoint load_checkpoint(const std::filesystem::path& path);

// NumPy .npy files, version 1.0, C order. Reading throws Error for anything else, and for other
// values than are asked for: int32 or int64, or float32 or float64.
struct IntArray {
  std::vector<int64_t> shape;
  std::vector<int32_t> values;
};
IntArray load_npy(const std::filesystem::path& path);
Tensor load_npy_numbers(const std::filesystem::path& path);
void save_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace longhaul

#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace longhaul {

// A file of this process's own, gone with the object.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& content)
      : folder_(std::filesystem::temp_directory_path() /
                ("longhaul_test_" + std::to_string(getpid()) + "_" + std::to_string(++count_))),
        path_(folder_ / name) {
    std::filesystem::create_directories(folder_);
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove_all(folder_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  static inline int count_ = 0;
  std::filesystem::path folder_, path_;
};

}  // namespace longhaul

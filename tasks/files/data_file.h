#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// Files of stored data sets, for the tasks that read them. Everything here throws Error naming the
// file, and the line or byte, with what was found and what is allowed.
namespace longhaul::data {

// A file read piece by piece: one of many gigabytes needs no memory, and one that shrinks while it
// is in use is an Error (a mapped one would be a crash). Threads may read at the same time.
class DataFile {
 public:
  explicit DataFile(std::filesystem::path path);
  ~DataFile();
  DataFile(DataFile&& other) noexcept;
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  int64_t size() const { return size_; }
  std::string read(int64_t offset, int64_t bytes) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

std::string read_all(const std::filesystem::path& path, int64_t most_bytes);

// Where a line stands, and which it is (from 1).
struct Line {
  int64_t number = 0;
  int64_t offset = 0;
  int64_t bytes = 0;  // without its end, "\n" or "\r\n"
};

// Calls visit(line, its text) for every line. A last line without an end is an Error: the file was
// cut off. So is a line longer than 16 MiB, or one with a zero byte: this is no text file.
void for_each_line(const DataFile& file,
                   const std::function<void(const Line&, std::string_view)>& visit);

std::string place(const DataFile& file, const Line& line);  // "FILE:12: "

// What was found, for a message: in quotes, cut off where long, without control characters.
std::string quoted(std::string_view found);

// Names of the regular files that end in `ending`, sorted. Throws if there is no such folder or
// file.
std::vector<std::string> files_in(const std::filesystem::path& folder, const std::string& ending);

// Bytes as ids: byte + 1, since 0 pads. Vocabulary 257.
std::vector<int32_t> byte_ids(std::string_view bytes, int64_t most);
// Back again, for a human reader: whatever is not printable ASCII as \x0a.
std::string readable(const std::vector<int32_t>& byte_ids);

}  // namespace longhaul::data

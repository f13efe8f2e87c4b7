#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace longhaul {

// All of a file: a regular one, or a pipe that somebody writes to. Throws Error naming a path that
// is not there, may not be read, or is something else (a FIFO that nobody writes to would never
// end), and std::system_error naming it when the system fails (a disk error, no memory).
std::string read_file(const std::filesystem::path& path);
std::optional<std::string> read_file_if_there(const std::filesystem::path& path);

// Whether what is written must be on the disk before it gets its name, so that a crash of the
// machine cannot lose it. It costs milliseconds.
enum class Durable { yes, no };

// A file that is written aside and gets its name when it is whole: a reader, or a crash at any
// moment, finds all of the old or all of the new content. A path that holds something other than a
// regular file (a device, a FIFO, a link) is written to as it is instead: it is not replaced.
// Everything throws std::system_error naming the path (disk full, no permission, no such folder).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path, Durable durable = Durable::yes);
  ~AtomicFile();  // without finish(): leaves what stood there before
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);                      // behind what was written last
  void write_at(uint64_t offset, std::string_view bytes);  // not into a pipe
  void finish();

 private:
  [[noreturn]] void fail() const;

  const std::filesystem::path path_;
  std::filesystem::path aside_;  // empty: the path itself is open
  const Durable durable_;
  int descriptor_ = -1;
};

// Makes a folder and those above it, unless they are there. Throws Error naming a path at which
// there cannot be one (a file stands in its way), std::system_error when the system fails.
void make_folder(const std::filesystem::path& path);

void write_atomically(const std::filesystem::path& path, std::string_view content,
                      Durable durable = Durable::yes);

}  // namespace longhaul

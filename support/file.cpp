#include "support/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "longhaul/error.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// What a user can mend by giving another path; the rest is the system's fault.
bool is_of_the_path(int fault) {
  return fault == ENOENT || fault == ENOTDIR || fault == EISDIR || fault == EACCES ||
         fault == ELOOP || fault == ENAMETOOLONG || fault == ENXIO;
}

[[noreturn]] void cannot_read(const fs::path& path, int fault) {
  if (is_of_the_path(fault))
    throw Error(text(path.string(), ": cannot be read: ", std::strerror(fault)));
  throw std::system_error(fault, std::generic_category(), "cannot read " + path.string());
}

// A descriptor that closes itself.
struct Input {
  ~Input() { close(descriptor); }
  const int descriptor;
};

// Appends up to `most` bytes. Returns their number, 0 at the end, or -1 with errno.
ssize_t read_some(int descriptor, std::size_t most, std::string& content) {
  const std::size_t before = content.size();
  content.resize(before + most);
  ssize_t count = -1;
  do count = read(descriptor, content.data() + before, most);
  while (count < 0 && errno == EINTR);
  content.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
  return count;
}

// Opened without waiting, a FIFO has ended if nobody writes to it, and has nothing yet if somebody
// does, who is then waited for.
void wait_for_writer(const fs::path& path, int descriptor, std::string& content) {
  const ssize_t first = read_some(descriptor, 1, content);
  require(first != 0, path.string(), ": is a FIFO that nobody writes to");
  if (first < 0 && errno != EAGAIN) cannot_read(path, errno);
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
}

std::string read_open(const fs::path& path, int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) cannot_read(path, errno);
  if (S_ISDIR(status.st_mode)) cannot_read(path, EISDIR);
  std::string content;
  if (S_ISFIFO(status.st_mode))
    wait_for_writer(path, descriptor, content);
  else
    require(S_ISREG(status.st_mode), path.string(), ": is no regular file");
  // One byte more than its size, so that the end is met at once; files of /proc tell no size.
  std::size_t most = static_cast<std::size_t>(status.st_size) + 1;
  for (ssize_t count = 1; count > 0; most = std::size_t{1} << 16) {
    count = read_some(descriptor, most, content);
    if (count < 0) cannot_read(path, errno);
  }
  return content;
}

bool is_something_else(const fs::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

std::optional<std::string> read_file_if_there(const fs::path& path) {
  const Input file{open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (file.descriptor < 0 && errno == ENOENT) return std::nullopt;
  if (file.descriptor < 0) cannot_read(path, errno);
  return read_open(path, file.descriptor);
}

std::string read_file(const fs::path& path) {
  std::optional<std::string> content = read_file_if_there(path);
  if (!content) cannot_read(path, ENOENT);
  return *std::move(content);
}

AtomicFile::AtomicFile(fs::path path, Durable durable) : path_(std::move(path)), durable_(durable) {
  if (!is_something_else(path_)) aside_ = path_.string() + ".tmp" + std::to_string(getpid());
  const fs::path& opened = aside_.empty() ? path_ : aside_;
  descriptor_ = open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail();
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  if (!aside_.empty()) unlink(aside_.c_str());
}

void AtomicFile::fail() const {
  throw std::system_error(errno, std::generic_category(), "cannot write " + path_.string());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) fail();
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void AtomicFile::write_at(uint64_t offset, std::string_view bytes) {
  if (lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) fail();
  write(bytes);
}

void AtomicFile::finish() {
  if (durable_ == Durable::yes && !aside_.empty() && fsync(descriptor_) != 0) fail();
  bool ok = close(std::exchange(descriptor_, -1)) == 0;
  if (aside_.empty()) return ok ? void() : fail();
  ok = ok && std::rename(aside_.c_str(), path_.c_str()) == 0;
  if (!ok) {
    const int fault = errno;
    unlink(aside_.c_str());
    errno = fault;
    fail();
  }
  if (durable_ == Durable::no) return;
  // The rename must reach the disk too; not every file system can sync a folder.
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

void make_folder(const fs::path& path) {
  std::error_code fault;
  fs::create_directories(path, fault);
  if (!fault) return;
  require(!is_of_the_path(fault.value()), path.string(),
          ": cannot be made a folder: ", fault.message());
  throw std::system_error(fault, "cannot make the folder " + path.string());
}

void write_atomically(const fs::path& path, std::string_view content, Durable durable) {
  AtomicFile file(path, durable);
  file.write(content);
  file.finish();
}

}  // namespace longhaul

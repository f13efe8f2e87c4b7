#include "support/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace longhaul {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
}

// A descriptor that closes itself.
class File {
 public:
  File(const fs::path& path, int flags) : descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail(path);
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool write_all(const std::string& text) const {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = write(descriptor_, text.data() + done, text.size() - done);
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    return true;
  }
  bool sync() const { return fsync(descriptor_) == 0; }

 private:
  int descriptor_;
};

}  // namespace

void write_atomically(const fs::path& path, const std::string& text) {
  const fs::path aside = path.string() + ".tmp" + std::to_string(getpid());
  {
    const File file(aside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.write_all(text) || !file.sync()) {
      const int fault = errno;
      unlink(aside.c_str());
      errno = fault;
      fail(path);
    }
  }
  if (std::rename(aside.c_str(), path.c_str()) != 0) fail(path);
  // The rename itself must reach the disk too; not every file system can sync a folder.
  File(path.has_parent_path() ? path.parent_path() : ".", O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace longhaul

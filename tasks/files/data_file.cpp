#include "tasks/files/data_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "longhaul/error.h"

namespace longhaul::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChunk = 1 << 20;        // bytes read at a time
constexpr int64_t kLongestLine = 1 << 24;  // a line of a release has tens of kilobytes
constexpr std::size_t kQuoted = 60;        // bytes of what was found that a message shows

std::string escaped(char c) {
  static const char* const digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= ' ' && byte <= '~') return {c};
  return {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
}

}  // namespace

DataFile::DataFile(fs::path path) : path_(std::move(path)) {
  // Not to wait for a writer, should this be a pipe.
  descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  require(descriptor_ >= 0, path_.string(), ": cannot be opened: ", std::strerror(errno));
  struct stat status {};
  if (fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
    size_ = status.st_size;
    return;
  }
  close(descriptor_);
  throw Error(text(path_.string(), ": is not a regular file"));
}

DataFile::~DataFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

DataFile::DataFile(DataFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

std::string DataFile::read(int64_t offset, int64_t bytes) const {
  std::string content(static_cast<std::size_t>(bytes), '\0');
  for (int64_t done = 0; done < bytes;) {
    const ssize_t got = pread(descriptor_, content.data() + done, bytes - done, offset + done);
    if (got < 0 && errno == EINTR) continue;
    require(got >= 0, path_.string(), ": cannot be read: ", std::strerror(errno));
    require(got > 0, path_.string(), ": ends at byte ", offset + done, ", but had ", size_,
            " bytes when it was opened");
    done += got;
  }
  return content;
}

std::string read_all(const fs::path& path, int64_t most_bytes) {
  const DataFile file(path);
  require(file.size() <= most_bytes, path.string(), ": has ", file.size(),
          " bytes, allowed: ", most_bytes);
  return file.read(0, file.size());
}

void for_each_line(const DataFile& file,
                   const std::function<void(const Line&, std::string_view)>& visit) {
  std::string rest;  // of the last chunk: a line that has no end yet
  Line line{.number = 1};
  for (int64_t offset = 0; offset < file.size(); offset += kChunk) {
    const std::size_t searched = rest.size();
    rest += file.read(offset, std::min(kChunk, file.size() - offset));
    std::size_t begin = 0, end = rest.find('\n', searched);
    for (; end != std::string::npos; end = rest.find('\n', begin)) {
      std::string_view found(rest.data() + begin, end - begin);
      if (found.ends_with('\r')) found.remove_suffix(1);
      line.bytes = static_cast<int64_t>(found.size());
      require(found.find('\0') == std::string_view::npos, place(file, line),
              "holds a zero byte: not a text file");
      visit(line, found);
      ++line.number;
      line.offset += static_cast<int64_t>(end + 1 - begin);
      begin = end + 1;
    }
    rest.erase(0, begin);
    require(static_cast<int64_t>(rest.size()) <= kLongestLine, place(file, line), "is longer than ",
            kLongestLine, " bytes: not a text file of this kind");
  }
  require(rest.empty(), place(file, line),
          "has no line end: the file was cut off (end the line if not)");
}

std::string place(const DataFile& file, const Line& line) {
  return text(file.path().string(), ":", line.number, ": ");
}

std::string quoted(std::string_view found) {
  std::string shown = "'";
  for (char c : found.substr(0, kQuoted)) shown += escaped(c);
  return shown + (found.size() > kQuoted ? "...'" : "'");
}

std::vector<std::string> files_in(const fs::path& folder, const std::string& ending) {
  std::error_code fault;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, fault), end; !fault && entry != end;
       entry.increment(fault)) {
    std::string name = entry->path().filename().string();
    if (name.ends_with(ending) && !name.starts_with('.')) names.push_back(std::move(name));
  }
  require(!fault, folder.string(), ": cannot be read as a folder: ", fault.message());
  require(!names.empty(), folder.string(), ": holds no *", ending, " file");
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int32_t> byte_ids(std::string_view bytes, int64_t most) {
  std::vector<int32_t> ids;
  ids.reserve(std::min<std::size_t>(bytes.size(), most));
  for (char c : bytes.substr(0, most)) ids.push_back(static_cast<unsigned char>(c) + 1);
  return ids;
}

std::string readable(const std::vector<int32_t>& byte_ids) {
  std::string shown;
  for (int32_t id : byte_ids) shown += escaped(static_cast<char>(id - 1));
  return shown;
}

}  // namespace longhaul::data

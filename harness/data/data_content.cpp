#include "harness/data/data_content.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/hash.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct stat status_of(const fs::path& path) {
  struct stat status {};
  require(stat(path.c_str(), &status) == 0, path.string(),
          ": cannot be read: ", std::strerror(errno));
  return status;
}

uint64_t hash_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  require(in.good(), path.string(), ": cannot be read");
  std::vector<char> bytes(1 << 20);
  uint64_t hash = 0;
  while (in.good()) {
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    hash = hash_bytes(bytes.data(), static_cast<std::size_t>(in.gcount()), hash);
  }
  require(in.eof(), path.string(), ": cannot be read");
  return hash;
}

// The hash of a file, from memory where the file is the one that was read before.
uint64_t hash_once(const fs::path& path, const struct stat& status) {
  static std::mutex mutex;
  static std::map<std::tuple<dev_t, ino_t, off_t, time_t, long>, uint64_t> known;
  const std::tuple key(status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec);
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, hash_of(path)).first->second;
}

class Listing {
 public:
  void add(const fs::path& path, const std::string& name) {
    const struct stat status = status_of(path);
    if (S_ISDIR(status.st_mode)) return add_folder(path, name, {status.st_dev, status.st_ino});
    if (!S_ISREG(status.st_mode)) return;  // a socket, a pipe: no data
    bytes_ += status.st_size;
    const uint64_t of_file[] = {static_cast<uint64_t>(status.st_size), hash_once(path, status)};
    hash_ = hash_bytes(name.c_str(), name.size() + 1, hash_);
    hash_ = hash_bytes(of_file, sizeof(of_file), hash_);
  }

  std::string content() const { return text(bytes_, "-", to_hex(hash_)); }

 private:
  using Folder = std::pair<dev_t, ino_t>;

  void add_folder(const fs::path& path, const std::string& name, const Folder& folder) {
    if (!open_.insert(folder).second) return;  // a link to a folder that it stands in
    std::error_code fault;
    std::vector<std::string> names;
    for (fs::directory_iterator entry(path, fault), end; !fault && entry != end;
         entry.increment(fault))
      if (std::string found = entry->path().filename().string(); found[0] != '.')
        names.push_back(std::move(found));
    require(!fault, path.string(), ": cannot be read: ", fault.message());
    std::sort(names.begin(), names.end());
    for (const std::string& below : names) add(path / below, name + '/' + below);
    open_.erase(folder);
  }

  std::set<Folder> open_;
  int64_t bytes_ = 0;
  uint64_t hash_ = 0;
};

}  // namespace

std::string data_content(const fs::path& path) {
  Listing listing;
  listing.add(path, "");
  return listing.content();
}

OptionMap contents_of(const std::vector<OptionInfo>& declared, const OptionMap& values) {
  OptionMap contents;
  for (const OptionInfo& option : declared) {
    const std::string path = option.type == "path" ? to_text(values.at(option.name)) : "";
    if (!path.empty()) contents[option.name] = data_content(path);
  }
  return contents;
}

}  // namespace longhaul

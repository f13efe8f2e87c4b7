#include "harness/data/cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "harness/data/cache_format.h"
#include "harness/data/examples.h"
#include "longhaul/error.h"
#include "support/exit_status.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_system_error(const fs::path& path) {
  throw MachineFault(text(path.string(), ": cannot be read: ", std::strerror(errno)));
}

}  // namespace

std::vector<Stream> streams_of_trial(uint64_t seed) {
  return {{Split::train, seed + 1}, {Split::validation, 0}, {Split::test, 0}, {Split::train, 0}};
}

std::string CacheKey::text(const Stream& stream) const {
  nlohmann::json values = nlohmann::json::object();
  for (const auto& [name, value] : options)
    std::visit([&, &name = name](const auto& v) { values[name] = v; }, value);
  return nlohmann::json{{"task", task},
                        {"version", version},
                        {"options", values},
                        {"split", to_string(stream.split)},
                        {"seed", stream.seed}}
      .dump();
}

fs::path cache_folder() {
  const char* folder = std::getenv("LONGHAUL_CACHE");
  return folder && *folder ? fs::path(folder) : fs::path(".cache") / "longhaul";
}

fs::path cache_path(const CacheKey& key, const Stream& stream) {
  const std::string text = key.text(stream);
  char hash[17];
  std::snprintf(hash, sizeof(hash), "%016llx",
                static_cast<unsigned long long>(hash_bytes(text.data(), text.size())));
  return cache_folder() / (key.task + '-' + to_string(stream.split) + '-' +
                           std::to_string(stream.seed) + '-' + hash + ".examples");
}

template <class... Parts>
void CacheFile::check(bool ok, const Parts&... parts) const {
  if (ok) return;
  throw MachineFault(text(path_.string(), ": ", parts...,
                          "; delete the file: trials draw the examples then, and longhaul data "
                          "writes it anew"));
}

CacheFile::CacheFile(fs::path path, const std::string& key) : path_(std::move(path)) {
  // Not to wait for a writer, should this be a FIFO.
  const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw_system_error(path_);
  struct stat status {};
  const bool is_regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  bytes_ = status.st_size;
  void* mapped = is_regular && bytes_ > 0 ? mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, file, 0)
                                          : MAP_FAILED;
  const int error = errno;
  close(file);
  check(is_regular, "is no regular file");
  check(bytes_ > 0, "is empty");
  if (mapped == MAP_FAILED) {
    errno = error;
    throw_system_error(path_);
  }
  data_ = static_cast<const unsigned char*>(mapped);
  try {
    CacheHeader header;
    check(bytes_ >= static_cast<int64_t>(sizeof(header)), "ends within its header");
    std::memcpy(&header, data_, sizeof(header));
    check(header.magic == kCacheMagic, "is no cache of this version of longhaul");
    check(header.file_bytes == static_cast<uint64_t>(bytes_), "has ", bytes_, " bytes instead of ",
          header.file_bytes);
    check(header.sum == header.own_sum(), "its header is damaged");
    check(header.fits(), "its header is damaged");
    const std::string found(reinterpret_cast<const char*>(data_) + sizeof(header),
                            header.key_bytes);
    check(found == key, "was made for ", found, " instead of ", key);
    count_ = static_cast<int64_t>(header.count);
    id_bytes_ = static_cast<int64_t>(header.id_bytes);
    first_offset_ = static_cast<int64_t>(header.offsets_at());
    check(header.table_sum == hash_bytes(data_ + first_offset_, (count_ + 1) * sizeof(uint64_t)),
          "its table of examples is damaged");
  } catch (...) {
    munmap(mapped, bytes_);
    throw;
  }
}

CacheFile::~CacheFile() { munmap(const_cast<unsigned char*>(data_), bytes_); }

Example CacheFile::at(int64_t index) const {
  const auto* offsets = reinterpret_cast<const uint64_t*>(data_ + first_offset_);
  const uint64_t begin = offsets[index], end = offsets[index + 1];
  check(begin <= end && end <= static_cast<uint64_t>(bytes_), "example ", index, " is damaged");
  const std::span<const unsigned char> record(data_ + begin, end - begin);
  Example example;
  check(unpack(record, id_bytes_, example), "example ", index, " is damaged");
  return example;
}

ExampleCache::ExampleCache(const CacheKey& key, const std::vector<Stream>& streams) {
  for (const Stream& stream : streams)
    if (const fs::path path = cache_path(key, stream); fs::exists(path))
      files_.emplace_back(stream, std::make_unique<CacheFile>(path, key.text(stream)));
}

const CacheFile* ExampleCache::file(const Stream& stream) const {
  for (const auto& [known, file] : files_)
    if (known == stream) return file.get();
  return nullptr;
}

bool ExampleCache::find(const Stream& stream, int64_t index, Example& example) const {
  const CacheFile* known = file(stream);
  if (!known || index >= known->count()) return false;
  example = known->at(index);
  return true;
}

void use_cache(Task& task, const CacheKey& key, const std::vector<Stream>& streams) {
  if (task.count(Split::train) == 0)
    task.set_cache(std::make_shared<const ExampleCache>(key, streams));
}

}  // namespace longhaul

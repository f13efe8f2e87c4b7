#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/task.h"

namespace longhaul {

// One endless row of examples: those of a split that a seed names (example(), examples.h).
struct Stream {
  Split split = Split::train;
  uint64_t seed = 0;

  bool operator==(const Stream&) const = default;
};

// The streams that a trial with this seed reads: its training examples, and those that all seeds
// share, for validation, test and the fit of the baselines.
std::vector<Stream> streams_of_trial(uint64_t seed);

// What examples are a function of, beside the stream.
struct CacheKey {
  std::string task;
  int version = 1;
  OptionMap options;  // every declared one, with the value it has

  std::string text(const Stream& stream) const;  // as JSON, the same on every machine
};

// The first examples of a stream in a file, mapped into memory. Everything read is checked: a file
// that was cut short, changed, or made for something else is an Error that names it.
class CacheFile {
 public:
  CacheFile(std::filesystem::path path, const std::string& key);
  ~CacheFile();
  CacheFile(const CacheFile&) = delete;
  CacheFile& operator=(const CacheFile&) = delete;

  int64_t count() const { return count_; }
  int64_t bytes() const { return bytes_; }
  Example at(int64_t index) const;  // 0 <= index < count()

 private:
  template <class... Parts>
  void check(bool ok, const Parts&... parts) const;

  std::filesystem::path path_;
  const unsigned char* data_ = nullptr;
  int64_t bytes_ = 0, count_ = 0, id_bytes_ = 0, first_offset_ = 0;
};

// The caches of one task's streams.
class ExampleCache {
 public:
  // Opens the files of those streams that have one in cache_folder().
  ExampleCache(const CacheKey& key, const std::vector<Stream>& streams);

  bool find(const Stream& stream, int64_t index, Example& example) const;
  const CacheFile* file(const Stream& stream) const;  // null: none

 private:
  std::vector<std::pair<Stream, std::unique_ptr<CacheFile>>> files_;
};

// $LONGHAUL_CACHE, or .cache/longhaul in the current directory.
std::filesystem::path cache_folder();
std::filesystem::path cache_path(const CacheKey& key, const Stream& stream);

// Makes example() read what the caches of these streams have instead of drawing it: the same bytes.
// Does nothing for a task whose examples are read from files anyway.
void use_cache(Task& task, const CacheKey& key, const std::vector<Stream>& streams);

}  // namespace longhaul

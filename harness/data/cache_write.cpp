#include "harness/data/cache_write.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "harness/data/cache_format.h"
#include "harness/data/examples.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kAtOnce = 256;  // examples drawn before they are written

// A file under another name until it is complete, so that no reader ever sees half of it.
class Output {
 public:
  explicit Output(fs::path path)
      : path_(std::move(path)), aside_(path_.string() + ".part" + std::to_string(getpid())) {
    if (path_.has_parent_path()) fs::create_directories(path_.parent_path());
    out_.open(aside_, std::ios::binary);
    check();
  }
  ~Output() {
    std::error_code ignored;
    fs::remove(aside_, ignored);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(const void* data, std::size_t bytes) {
    out_.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
    check();
  }
  void seek(uint64_t at) { out_.seekp(static_cast<std::streamoff>(at)); }
  void finish() {
    out_.close();
    check();
    fs::rename(aside_, path_);
  }

 private:
  void check() const {
    if (!out_) throw std::system_error(errno, std::generic_category(), aside_.string());
  }

  fs::path path_, aside_;
  std::ofstream out_;
};

}  // namespace

void write_cache(const Task& task, const CacheKey& key, const Stream& stream, int64_t count,
                 const std::function<void(int64_t done)>& report) {
  const std::string text = key.text(stream);
  CacheHeader header;
  header.key_bytes = text.size();
  header.count = static_cast<uint64_t>(count);
  header.id_bytes = static_cast<uint64_t>(id_bytes_of(task.vocab()));
  std::vector<uint64_t> offsets = {header.offsets_at() + (header.count + 1) * sizeof(uint64_t)};

  Output out(cache_path(key, stream));
  out.seek(offsets[0]);
  for (int64_t first = 0; first < count; first += kAtOnce) {
    std::vector<std::vector<unsigned char>> packed(
        static_cast<std::size_t>(std::min(kAtOnce, count - first)));
    parallel_for(static_cast<int64_t>(packed.size()), 1, [&](int64_t i, int64_t) {
      pack(example(task, stream.split, stream.seed, first + i),
           static_cast<int64_t>(header.id_bytes), packed[i]);
    });
    for (const std::vector<unsigned char>& record : packed) {
      out.write(record.data(), record.size());
      offsets.push_back(offsets.back() + record.size());
    }
    report(std::min(first + kAtOnce, count));
  }

  header.file_bytes = offsets.back();
  header.table_sum = hash_bytes(offsets.data(), offsets.size() * sizeof(uint64_t));
  header.sum = header.own_sum();
  out.seek(0);
  out.write(&header, sizeof(header));
  out.write(text.data(), text.size());
  out.seek(header.offsets_at());
  out.write(offsets.data(), offsets.size() * sizeof(uint64_t));
  out.finish();
}

}  // namespace longhaul

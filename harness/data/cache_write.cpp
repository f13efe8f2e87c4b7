#include "harness/data/cache_write.h"

#include <string_view>

#include "harness/data/cache_format.h"
#include "harness/data/examples.h"
#include "math/parallel.h"
#include "support/file.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kAtOnce = 256;  // examples drawn before they are written

template <class T>
std::string_view bytes_of(const T* data, std::size_t count = 1) {
  return {reinterpret_cast<const char*>(data), count * sizeof(T)};
}

}  // namespace

void write_cache(const Task& task, const CacheKey& key, const Stream& stream, int64_t count,
                 const std::function<void(int64_t done)>& report) {
  const std::string text = key.text(stream);
  CacheHeader header;
  header.key_bytes = text.size();
  header.count = static_cast<uint64_t>(count);
  header.id_bytes = static_cast<uint64_t>(id_bytes_of(task.vocab()));
  std::vector<uint64_t> offsets = {header.offsets_at() + (header.count + 1) * sizeof(uint64_t)};

  const fs::path path = cache_path(key, stream);
  if (path.has_parent_path()) make_folder(path.parent_path());
  AtomicFile out(path);
  out.write_at(offsets[0], "");
  for (int64_t first = 0; first < count; first += kAtOnce) {
    std::vector<std::vector<unsigned char>> packed(
        static_cast<std::size_t>(std::min(kAtOnce, count - first)));
    parallel_for(static_cast<int64_t>(packed.size()), 1, [&](int64_t i, int64_t) {
      pack(example(task, stream.split, stream.seed, first + i),
           static_cast<int64_t>(header.id_bytes), packed[i]);
    });
    std::string records;
    for (const std::vector<unsigned char>& record : packed) {
      records += bytes_of(record.data(), record.size());
      offsets.push_back(offsets.back() + record.size());
    }
    out.write(records);
    report(std::min(first + kAtOnce, count));
  }

  header.file_bytes = offsets.back();
  header.table_sum = hash_bytes(offsets.data(), offsets.size() * sizeof(uint64_t));
  header.sum = header.own_sum();
  out.write_at(0, bytes_of(&header));
  out.write(text);
  out.write_at(header.offsets_at(), bytes_of(offsets.data(), offsets.size()));
  out.finish();
}

}  // namespace longhaul

// The files of `longhaul data`. Sums over their parts refuse what is damaged by chance; here they
// are made right again after the damage, so that what stands behind them is met.
#include <cstring>

#include "harness/data/cache.h"
#include "harness/data/cache_format.h"
#include "tests/fuzz/fuzz.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/sample_data.h"

namespace longhaul::fuzz {
namespace {

const std::string kKey = "{\"task\":\"coin\"}";

template <class T>
T read(const std::string& file, uint64_t at) {
  T value;
  std::memcpy(&value, &file[at], sizeof(value));
  return value;
}

template <class T>
void write(std::string& file, uint64_t at, const T& value) {
  std::memcpy(&file[at], &value, sizeof(value));
}

void mend_record(std::string& file, uint64_t begin, uint64_t end) {
  if (end > file.size() || begin > end || end - begin < sizeof(uint64_t)) return;
  const uint64_t first = begin + sizeof(uint64_t);
  write(file, begin, hash_bytes(file.data() + first, end - first));
}

void mend_sums(std::string& file) {
  if (file.size() < sizeof(CacheHeader)) return;
  auto header = read<CacheHeader>(file, 0);
  header.file_bytes = file.size();
  if (header.key_bytes < file.size() && header.count < file.size() / sizeof(uint64_t)) {
    const uint64_t table = header.offsets_at(), bytes = (header.count + 1) * sizeof(uint64_t);
    if (table + bytes <= file.size()) {
      for (uint64_t at = table; at + 8 < table + bytes; at += 8)
        mend_record(file, read<uint64_t>(file, at), read<uint64_t>(file, at + 8));
      header.table_sum = hash_bytes(file.data() + table, bytes);
    }
  }
  header.sum = header.own_sum();
  write(file, 0, header);
}

std::string cache_of(const std::vector<Example>& examples) {
  CacheHeader header;
  header.key_bytes = kKey.size();
  header.count = examples.size();
  header.id_bytes = 1;
  const uint64_t table = header.offsets_at();
  std::vector<unsigned char> records;
  std::vector<uint64_t> offsets = {table + (examples.size() + 1) * sizeof(uint64_t)};
  for (const Example& example : examples) {
    pack(example, 1, records);
    offsets.push_back(offsets[0] + records.size());
  }
  std::string file(offsets[0], '\0');
  write(file, 0, header);
  file.replace(sizeof(header), kKey.size(), kKey);
  for (std::size_t i = 0; i < offsets.size(); ++i) write(file, table + 8 * i, offsets[i]);
  file.append(records.begin(), records.end());
  mend_sums(file);
  return file;
}

}  // namespace

Target cache_target() {
  const auto folder = std::make_shared<TemporaryFolder>();
  Example single, pair, real;
  single.tokens = {1, 2, 3};
  pair.tokens = {1};
  pair.second = {2, 3};
  real.values = {0.5f, -1.0f};
  for (Example* example : {&single, &pair, &real}) example->targets = {7};
  return {
      "cache", {cache_of({single, single}), cache_of({pair, real})}, [folder](std::string input) {
        mend_sums(input);
        const std::filesystem::path path = folder->path / "cache";
        sample::write_file(path, input);
        const CacheFile file(path, kKey);
        for (int64_t i = 0; i < file.count(); ++i) file.at(i);
      }};
}

}  // namespace longhaul::fuzz

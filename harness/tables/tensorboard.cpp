#include "harness/tables/tensorboard.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "harness/results/points.h"
#include "longhaul/error.h"
#include "support/file.h"

namespace longhaul {
namespace {

// An event file is a row of records: length, its checksum, an Event message of protobuf, its
// checksum (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto).

// CRC-32C (Castagnoli), masked as TensorFlow stores it.
uint32_t masked_crc(const std::string& bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> made{};
    for (uint32_t i = 0; i < 256; ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit) made[i] = (made[i] >> 1) ^ (made[i] & 1 ? 0x82f63b78 : 0);
    }
    return made;
  }();
  uint32_t crc = 0xffffffff;
  for (const char byte : bytes)
    crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ (crc >> 8);
  return std::rotr(~crc, 15) + 0xa282ead8;
}

template <class Number>
std::string little_endian(Number value) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

// Fields of a message: their number, then how they are stored.
std::string key(int field, int kind) {
  return std::string(1, static_cast<char>(field << 3 | kind));
}
std::string double_field(int field, double value) { return key(field, 1) + little_endian(value); }
std::string float_field(int field, float value) { return key(field, 5) + little_endian(value); }
std::string count_field(int field, int64_t value) {
  return key(field, 0) + varint(static_cast<uint64_t>(value));
}
std::string bytes_field(int field, const std::string& value) {
  return key(field, 2) + varint(value.size()) + value;
}

std::string record(const std::string& event) {
  const std::string length = little_endian(static_cast<uint64_t>(event.size()));
  return length + little_endian(masked_crc(length)) + event + little_endian(masked_crc(event));
}

class EventFile {
 public:
  EventFile() { bytes_ = record(double_field(1, 0) + bytes_field(3, "brain.Event:2")); }

  void add(const std::string& tag, int64_t step, double seconds, double value) {
    const std::string scalar = bytes_field(1, tag) + float_field(2, static_cast<float>(value));
    bytes_ += record(double_field(1, seconds) + count_field(2, step) +
                     bytes_field(5, bytes_field(1, scalar)));
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string events_of(const Trial& trial) {
  const TrialRecord& found = *trial.record;
  const double a_step =
      found.steps > 0 ? found.train_seconds / static_cast<double>(found.steps) : 0;
  EventFile file;
  const auto add = [&](const std::string& tag, int64_t step, double value) {
    if (!std::isnan(value)) file.add(tag, step, a_step * static_cast<double>(step), value);
  };
  for (const CurvePoint& point : curve_of(trial))
    add(point.split + "/" + point.metric, point.step, point.value);
  for (const DiagnosticPoint& point : diagnostics_of(trial))
    add("diagnostics/" + point.name + (point.layer ? text("/layer", *point.layer) : ""), point.step,
        point.value);
  for (const Evaluation& test : found.evaluations)
    if (test.ok() && test.test_set.empty() && test.post_hoc.empty()) {
      const std::string at = test.length ? text("/length", test.length) : "";
      add("test/" + found.metric + at, found.selected_step, test.test);
      for (const auto& [name, value] : test.metrics)
        add("test/" + name + at, found.selected_step, value);
    }
  return file.bytes();
}

// A name as one folder: TensorBoard takes further ones for further parts of a run's name.
std::string folder_name(std::string name) {
  for (char& c : name)
    if (c == '/') c = '_';
  return name;
}

}  // namespace

std::vector<std::filesystem::path> export_tensorboard(const Results& results,
                                                      const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> written;
  for (const Trial& trial : results.trials) {
    if (!trial.record || !trial.has_folder()) continue;
    const TrialSpec& spec = trial.spec;
    const std::filesystem::path run = folder / folder_name(spec.model_name) /
                                      folder_name(spec.task_name) / text("seed", spec.seed);
    make_folder(run);
    written.push_back(run / ("events.out.tfevents.0000000000." + trial.id));
    write_atomically(written.back(), events_of(trial));
  }
  return written;
}

}  // namespace longhaul

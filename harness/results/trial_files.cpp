#include "harness/results/trial_files.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "harness/results/points.h"
#include "harness/results/store.h"
#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/file.h"
#include "support/hash.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// A file of a trial, and how to see whether it can be read where there is no sum of it.
struct TrialFile {
  const char* name;
  bool has_points;
  void (*read)(const fs::path& trial_dir);
};

constexpr TrialFile kFiles[] = {
    {"spec.json", false, [](const fs::path& dir) { read_spec(dir); }},
    {"curve.csv", true, [](const fs::path& dir) { read_curve(dir); }},
    {"diagnostics.csv", true, [](const fs::path& dir) { read_diagnostics(dir); }},
    {"checkpoint.safetensors", false, [](const fs::path&) {}},
};

FileSum sum_of(const std::string& content) {
  return {static_cast<int64_t>(content.size()), to_hex(hash_bytes(content.data(), content.size()))};
}

// Empty if the file is whole.
std::string fault_of(const fs::path& dir, const TrialFile& file, const TrialRecord& record) {
  const auto expected = record.files.find(file.name);
  const std::string path = (dir / file.name).string();
  try {
    if (expected == record.files.end()) {
      file.read(dir);
      return "";
    }
    const std::optional<std::string> content = read_file_if_there(path);
    if (!content) return path + ": is missing";
    const FileSum found = sum_of(*content);
    if (found.bytes != expected->second.bytes)
      return text(path, ": damaged: it has ", found.bytes, " bytes, its record says ",
                  expected->second.bytes);
    if (found.hash != expected->second.hash)
      return path + ": damaged: its content is not what the record says";
    return "";
  } catch (const std::runtime_error& error) {  // an Error, or the system's
    return error.what();
  }
}

std::map<std::string, std::string> faults(const fs::path& dir, const TrialRecord& record,
                                          bool points_alone) {
  std::map<std::string, std::string> found;
  for (const TrialFile& file : kFiles) {
    if (points_alone && !file.has_points) continue;
    if (std::string fault = fault_of(dir, file, record); !fault.empty()) found[file.name] = fault;
  }
  return found;
}

}  // namespace

std::map<std::string, FileSum> sums_of_files(const fs::path& trial_dir) {
  std::map<std::string, FileSum> sums;
  for (const TrialFile& file : kFiles)
    if (const std::optional<std::string> content = read_file_if_there(trial_dir / file.name))
      sums[file.name] = sum_of(*content);
  return sums;
}

std::map<std::string, std::string> damaged_files(const fs::path& trial_dir,
                                                 const TrialRecord& record) {
  return faults(trial_dir, record, false);
}

std::map<std::string, std::string> damaged_points(const fs::path& trial_dir,
                                                  const TrialRecord& record) {
  return faults(trial_dir, record, true);
}

void remove_files(const fs::path& trial_dir) {
  fs::remove(trial_dir / "record.json");
  for (const TrialFile& file : kFiles)
    if (file.name != std::string_view("spec.json")) fs::remove(trial_dir / file.name);
}

}  // namespace longhaul

#include "harness/run/slurm_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <tuple>

#include "longhaul/rng.h"
#include "support/json.h"
#include "support/json_fields.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct StoredBatch {
  std::vector<std::string> trials;
  int64_t threads = 1;
  double memory = 0, seconds = 0, stall = 0;  // limits
  double checkpoint_seconds = 0;
  std::string job;
};

// The arguments are words of the runner's own: this program and the batch's folder.
constexpr const char* kScript =
    "#!/bin/sh\n"
    "# Starts the trial of a longhaul suite that belongs to this task of the array.\n"
    "exec \"$1\" slurm-task \"$2\"\n";

}  // namespace

template <>
inline constexpr auto json_fields<StoredBatch> =
    std::tuple{field("trials", &StoredBatch::trials),
               field("threads", &StoredBatch::threads),
               field("memory", &StoredBatch::memory),
               field("seconds", &StoredBatch::seconds),
               field("stall", &StoredBatch::stall),
               field("checkpoint_seconds", &StoredBatch::checkpoint_seconds),
               field("job", &StoredBatch::job)};

fs::path SlurmBatch::trial_folder(std::size_t task) const {
  return folder.parent_path().parent_path() / "trials" / trials.at(task);
}

fs::path SlurmBatch::end_file(std::size_t task) const {
  return folder / fmt::format("{}.json", task);
}

fs::path SlurmBatch::log_file(std::size_t task) const {
  return folder / fmt::format("{}.log", task);
}

void SlurmBatch::store() const {
  const Limits& limits = options.limits;
  write_atomically(
      folder / "batch.json",
      json_text(json_of(StoredBatch{trials, options.threads, limits.memory, limits.seconds,
                                    limits.stall, options.checkpoint_seconds, job})));
}

SlurmBatch new_slurm_batch(const fs::path& out, std::vector<std::string> trials,
                           const RunOptions& options) {
  // The time first, so that names sort by age; the rest tells suites of one moment apart.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string where = fs::absolute(out).string();
  const std::string name = fmt::format(
      "longhaul-{:013}-{:08x}", std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
      static_cast<uint32_t>(hash_bytes(where.data(), where.size())));
  SlurmBatch batch{out / "slurm" / name, std::move(trials), options};
  fs::create_directories(out / "slurm");
  if (!fs::create_directory(batch.folder)) return new_slurm_batch(out, batch.trials, options);
  write_atomically(batch.folder / "task.sh", kScript);
  batch.store();
  return batch;
}

SlurmBatch read_slurm_batch(const fs::path& folder) {
  const auto stored = read_json_file(folder / "batch.json", [](const nlohmann::json& json) {
    return from_json<StoredBatch>(json);
  });
  RunOptions options;
  options.threads = static_cast<int>(stored.threads);
  options.limits.memory = stored.memory;
  options.limits.seconds = stored.seconds;
  options.limits.stall = stored.stall;
  options.checkpoint_seconds = stored.checkpoint_seconds;
  return {folder, stored.trials, options, stored.job};
}

std::vector<SlurmBatch> slurm_batches_in(const fs::path& out) {
  std::vector<fs::path> folders;
  if (fs::is_directory(out / "slurm"))
    for (const fs::directory_entry& entry : fs::directory_iterator(out / "slurm"))
      if (fs::exists(entry.path() / "batch.json"))  // without it nothing was submitted
        folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  std::vector<SlurmBatch> batches;
  for (const fs::path& folder : folders) batches.push_back(read_slurm_batch(folder));
  return batches;
}

}  // namespace longhaul

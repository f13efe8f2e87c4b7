#include "harness/plan/calibration_cache.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "harness/results/machine.h"
#include "longhaul/rng.h"
#include "support/cores.h"
#include "support/hash.h"
#include "support/json.h"

namespace longhaul {

namespace fs = std::filesystem;
using nlohmann::json;

CalibrationCache::CalibrationCache(fs::path folder, int threads, int64_t at_once)
    : folder_(std::move(folder)), threads_(threads), at_once_(at_once) {}

json CalibrationCache::key_of(const TrialSpec& spec) const {
  return {{"trial", spec.exact_id()}, {"cpu", cpu_name()},         {"threads", threads_},
          {"at_once", at_once_},      {"build", longhaul_build()}, {"version", longhaul_version()}};
}

fs::path CalibrationCache::file_of(const json& key) const {
  const std::string words = key.dump();
  return folder_ / (to_hex(hash_bytes(words.data(), words.size())) + ".json");
}

std::optional<Calibration> CalibrationCache::find(const TrialSpec& spec) const {
  if (folder_.empty()) return std::nullopt;
  const json key = key_of(spec);
  try {
    return read_json_file(file_of(key), [&](const json& kept) {
      require(kept.at("key") == key, "it is of another machine");
      return calibration_from_json(kept.at("calibration"));
    });
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void CalibrationCache::keep(const TrialSpec& spec, const Calibration& calibration) const {
  const bool is_lasting = calibration.ok() || calibration.status == Status::unsupported;
  if (folder_.empty() || !is_lasting) return;
  const json key = key_of(spec);
  try {
    fs::create_directories(folder_);
    write_atomically(file_of(key),
                     json_text({{"key", key}, {"calibration", to_json(calibration)}}));
  } catch (const std::system_error&) {
  }
}

double foretold_memory(const TrialSpec& spec, int threads) {
  const TrialSpec measured = calibration_spec(spec);
  // How many trials ran beside it bears on its time alone.
  for (int64_t at_once = 1; at_once <= std::max(1, usable_cores() / threads); ++at_once)
    if (const std::optional<Calibration> found =
            CalibrationCache(plan_cache_folder(), threads, at_once).find(measured))
      return static_cast<double>(found->peak_resident_bytes);
  return 0;
}

fs::path plan_cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value ? value : "");
  };
  const fs::path xdg = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (xdg.is_absolute()) return xdg / "longhaul" / "plan";
  return home.is_absolute() ? home / ".cache" / "longhaul" / "plan" : fs::path();
}

}  // namespace longhaul

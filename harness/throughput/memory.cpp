#include "harness/throughput/memory.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "longhaul/error.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kShort = 64, kLong = 256;  // lengths that foretell
constexpr double kBytesOfToken = 12;         // examples and batches hold ids; copies for a moment

WorkloadCost probe(const TrialSpec& spec, const Registry& registry, Phase phase, int64_t length) {
  const std::unique_ptr<Workload> workload = make_workload(spec, registry, phase, length, 1);
  workload->run();
  return workload->cost();
}

// How many sequences hold activations at once.
double sequences_at_once(const Settings& settings, Phase phase, int64_t batch) {
  if (phase == Phase::decode) return static_cast<double>(batch);
  const int64_t lane = (batch + settings.lanes - 1) / settings.lanes;
  return static_cast<double>(std::min(batch, lane * std::min<int64_t>(settings.lanes, threads())));
}

// The first number after `word` in a file of the kernel, in bytes; `otherwise` if there is none.
double bytes_in(const char* file, const std::string& word, double otherwise) {
  std::ifstream in(file);
  for (std::string key; in >> key;)
    if (double value = 0; key == word && in >> value) return value;
  return otherwise;
}

std::string gibibytes(double bytes) {
  return text(std::round(bytes / (1 << 30) * 10) / 10, " GiB");
}

}  // namespace

double predict_bytes(const TrialSpec& spec, const Registry& registry, Phase phase, int64_t length,
                     int64_t batch) {
  const int64_t small = std::min(length, kShort), large = std::min(length, kLong);
  const WorkloadCost at_small = probe(spec, registry, phase, small);
  const WorkloadCost at_large = large > small ? probe(spec, registry, phase, large) : at_small;

  double exponent = 1, parameters = static_cast<double>(at_large.parameter_bytes);
  if (large > small) {
    exponent = std::log2(static_cast<double>(at_large.activation_bytes) /
                         static_cast<double>(std::max<int64_t>(at_small.activation_bytes, 1))) /
               std::log2(static_cast<double>(large) / static_cast<double>(small));
    exponent = std::clamp(exponent, phase == Phase::decode ? 0.0 : 1.0, 2.0);
    const double slope = static_cast<double>(at_large.parameter_bytes - at_small.parameter_bytes) /
                         static_cast<double>(large - small);
    parameters += slope * static_cast<double>(length - large);
  }
  const double copies = static_cast<double>(at_large.optimizer_bytes) /
                        static_cast<double>(std::max<int64_t>(at_large.parameter_bytes, 1));
  const double growth =
      std::pow(static_cast<double>(length) / static_cast<double>(large), exponent);
  const double tokens = static_cast<double>(batch) * static_cast<double>(length);
  return parameters * (1 + copies) + kBytesOfToken * tokens +
         static_cast<double>(at_large.activation_bytes) * growth *
             sequences_at_once(spec.settings, phase, batch);
}

double available_bytes() {
  constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  double limit = kNoLimit;  // of the control group; its file holds "max" where there is none
  std::ifstream in("/sys/fs/cgroup/memory.max");
  if (double value = 0; in >> value) limit = value;
  return std::min(1024 * bytes_in("/proc/meminfo", "MemAvailable:", kNoLimit),
                  limit - bytes_in("/sys/fs/cgroup/memory.stat", "anon", 0));
}

std::string memory_refusal(const TrialSpec& spec, const Registry& registry, Phase phase,
                           int64_t length, int64_t batch) {
  const double needed = predict_bytes(spec, registry, phase, length, batch);
  const double available = available_bytes();
  if (needed <= available) return "";
  return text("needs about ", gibibytes(needed), " of memory, ", gibibytes(available),
              " are free; not tried");
}

}  // namespace longhaul

#include "harness/results/machine.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>

#include "harness/results/record.h"

namespace longhaul {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::string longhaul_version() { return LONGHAUL_VERSION; }

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");  // in pages: all, resident, ...
  int64_t all = 0, resident = 0;
  return statm >> all >> resident ? resident * sysconf(_SC_PAGESIZE) : 0;
}

int64_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  std::string key;
  for (int64_t kib = 0; status >> key;)
    if (key == "VmHWM:" && status >> kib) return 1024 * kib;
  return 0;
}

void sign(TrialRecord& record, int threads) {
  record.threads = threads;
  record.host = host_name();
  record.cpu = cpu_name();
  record.version = longhaul_version();
  record.build = longhaul_build();
  record.finished_at = utc_now();
}

}  // namespace longhaul

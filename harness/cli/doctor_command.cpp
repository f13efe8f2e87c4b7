#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "build_info.h"
#include "core/plugin_loader.h"
#include "harness/cli/command.h"
#include "harness/results/machine.h"
#include "math/instruction_set.h"
#include "support/cores.h"

namespace longhaul {
namespace {

std::string cpu_features() {
#if defined(__x86_64__)
  std::string features;
  const auto add = [&](bool has, const char* name) {
    if (has) features += (features.empty() ? "" : " ") + std::string(name);
  };
  add(__builtin_cpu_supports("sse4.2"), "sse4.2");
  add(__builtin_cpu_supports("avx"), "avx");
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
  return features.empty() ? "none beyond x86-64" : features;
#else
  return "not known for this architecture";
#endif
}

// "always [madvise] never" -> "madvise"
std::string huge_pages() {
  std::ifstream in("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string line;
  std::getline(in, line);
  const std::size_t open = line.find('['), close = line.find(']');
  if (open == std::string::npos || close == std::string::npos)
    return "not offered by this kernel; long sequences train a little slower";
  const std::string mode = line.substr(open + 1, close - open - 1);
  return mode == "never" ? "off (echo madvise > /sys/kernel/mm/transparent_hugepage/enabled)"
                         : mode;
}

std::string memory() {
  const double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return fmt::format("{:.1f} of {:.1f} GiB are free for use", usable_memory() / (1 << 30),
                     bytes / (1 << 30));
}

std::string threads() {
  return fmt::format("{} of {} cores may be used", usable_cores(),
                     std::thread::hardware_concurrency());
}

bool is_on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (access((std::filesystem::path(folder) / program).c_str(), X_OK) == 0) return true;
  return false;
}

void print_doctor() {
  const auto line = [](const char* name, const std::string& value) {
    fmt::print("{:<12} {}\n", name, value);
  };
  line("longhaul", longhaul_version() + ", build " + longhaul_build());
  line("compiler", LONGHAUL_COMPILER);
  line("build", LONGHAUL_BUILD_TYPE ", flags " LONGHAUL_BUILD_FLAGS);
  line("kernels", "for " + instruction_set());
  line("libraries", LONGHAUL_LIBRARIES);
  line("plugins", "built for " + plugin_abi());
  line("host", host_name());
  line("cpu", cpu_name());
  line("features", cpu_features());
  line("threads", threads());
  line("memory", memory());
  line("huge pages", huge_pages());

  line("gnuplot", is_on_path("gnuplot")
                      ? "found"
                      : "missing: longhaul report needs it (apt install gnuplot-nox)");
}

}  // namespace

void add_doctor_command(Program& program, CommandContext&) {
  Command command =
      program.add("doctor", "What this machine and this build can do, and what is missing");
  command.footer("Example: longhaul doctor");
  command.run(print_doctor);
}

}  // namespace longhaul

#include "support/strays.h"

#include <signal.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "support/number_text.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// Not so if it has ended and its parent, ended itself, has not asked how: it stays listed, as Z.
bool is_at_work(pid_t process) {
  if (kill(process, 0) != 0 && errno == ESRCH) return false;
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string stat;
  std::getline(in, stat);  // "20 (name) Z ..."
  const std::size_t name_end = stat.rfind(") ");
  return name_end == std::string::npos || stat.substr(name_end + 2, 1) != "Z";
}

bool is_stray(const fs::path& path) {
  constexpr std::string_view kMark = ".tmp";
  const std::string name = path.filename().string();
  const std::size_t mark = name.rfind(kMark);
  if (mark == std::string::npos) return false;
  pid_t process = 0;
  if (!read_number(name.substr(mark + kMark.size()), process) || process <= 0) return false;
  return !is_at_work(process);
}

}  // namespace

void remove_strays(const fs::path& folder) {
  std::error_code fault;
  std::vector<fs::path> strays;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, fault);
  for (; !fault && at != fs::recursive_directory_iterator(); at.increment(fault))
    if (std::error_code of_file; at->is_regular_file(of_file) && is_stray(at->path()))
      strays.push_back(at->path());
  for (const fs::path& stray : strays) fs::remove(stray, fault);
}

}  // namespace longhaul

#include "support/strays.h"

#include <signal.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "support/number_text.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

bool is_stray(const fs::path& path) {
  constexpr std::string_view kMark = ".tmp";
  const std::string name = path.filename().string();
  const std::size_t mark = name.rfind(kMark);
  if (mark == std::string::npos) return false;
  pid_t process = 0;
  if (!read_number(name.substr(mark + kMark.size()), process) || process <= 0) return false;
  return kill(process, 0) != 0 && errno == ESRCH;
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

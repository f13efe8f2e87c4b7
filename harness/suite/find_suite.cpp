#include "harness/suite/find_suite.h"

#include <system_error>
#include <vector>

#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

namespace fs = std::filesystem;

std::map<std::string, fs::path> shipped_files(const std::string& kind) {
  std::error_code error;
  std::vector<fs::path> folders = {fs::path("configs") / kind};
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error)
    folders.push_back(program.parent_path().parent_path() / "share/longhaul/configs" / kind);
  std::map<std::string, fs::path> files;
  std::string looked;
  for (const fs::path& folder : folders) {
    looked += (looked.empty() ? "" : ", ") + fs::absolute(folder, error).string();
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".yaml") files.emplace(entry.path().stem(), entry.path());
  }
  require(!files.empty(), "no ", kind, " found; looked in ", looked,
          "; start longhaul in its source tree, or install it (cmake --install)");
  return files;
}

fs::path find_suite(const std::string& name) {
  if (fs::is_regular_file(name)) return name;
  std::vector<std::string> known;
  for (const auto& [shipped, file] : shipped_files("suites")) {
    if (shipped == name) return file;
    known.push_back(shipped);
  }
  throw Error(text("no suite '", name, "': neither a file nor a name under configs/suites",
                   did_you_mean(name, known)));
}

fs::path results_folder(const std::string& suite, const std::string& asked) {
  return asked.empty() ? fs::path("results") / "runs" / suite : fs::path(asked);
}

}  // namespace longhaul

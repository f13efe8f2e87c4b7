#include "harness/suite/find_suite.h"

#include <system_error>
#include <vector>

#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

namespace fs = std::filesystem;

std::map<std::string, fs::path> shipped_files(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> places = {fs::path("configs") / folder};
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error)
    places.push_back(program.parent_path().parent_path() / "share/longhaul/configs" / folder);
  std::map<std::string, fs::path> files;
  std::string looked;
  for (const fs::path& place : places) {
    looked += (looked.empty() ? "" : ", ") + fs::absolute(place, error).string();
    for (const fs::directory_entry& entry : fs::directory_iterator(place, error))
      if (entry.path().extension() == ".yaml") files.emplace(entry.path().stem(), entry.path());
  }
  require(!files.empty(), "no ", folder, " found; looked in ", looked,
          "; start longhaul in its source tree, or install it (cmake --install)");
  return files;
}

fs::path find_shipped(const std::string& kind, const std::string& name) {
  const bool is_folder = fs::is_directory(name);
  if (fs::exists(name) && !is_folder) return name;  // a pipe may be read too
  const bool is_path = name.find('/') != std::string::npos || name.ends_with(".yaml");
  require(!is_path, name, is_folder ? ": is a folder" : ": there is no such file", ", allowed: a ",
          kind, " file, or the name of one that ships");
  std::vector<std::string> known;
  for (const auto& [shipped, file] : shipped_files(kind + "s")) {
    if (shipped == name) return file;
    known.push_back(shipped);
  }
  throw Error(text("no ", kind, " '", name, "': neither a file nor a name under configs/", kind,
                   "s", did_you_mean(name, known)));
}

fs::path results_folder(const std::string& suite, const std::string& asked) {
  return asked.empty() ? fs::path("results") / "runs" / suite : fs::path(asked);
}

}  // namespace longhaul
